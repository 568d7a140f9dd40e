using Corl.Rollouts;
using static Corl.Tests.Tokenizers.TokenizerGolden;
using static TorchSharp.torch;

namespace Corl.Tests.Tokenizers;

public sealed class PaddedBatchTests
{
    public static TheoryData<string> Vocabularies() => [.. TokenizerGolden.Vocabularies().Select(row => row.Data).Where(name => Rows($"{name}/padding.jsonl").Any())];

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Left_GoldenBatches_GivesTheReferencesIdsAndMasks(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        var pad = tokenizer.IdOf("<｜▁pad▁｜>")!.Value;
        foreach (var batch in Rows($"{vocabulary}/padding.jsonl"))
        {
            using var scope = NewDisposeScope();
            var rows = Texts(batch.GetProperty("texts")).Select(text => tokenizer.Encode(text!, addSpecial: true)).ToArray();
            var (ids, real) = Padding.Left(rows, pad, CPU);
            Assert.Equal(batch.GetProperty("input_ids").EnumerateArray().SelectMany(Numbers), ids.data<long>().Select(id => (int)id));
            Assert.Equal(batch.GetProperty("attention_mask").EnumerateArray().SelectMany(Numbers), (real ?? ones(ids.shape, @bool)).data<bool>().Select(isReal => isReal ? 1 : 0));
        }
    }
}
