using System.Text.Json;
using Corl.Models;
using Corl.Tokenizers;

namespace Corl.Tests.Models;

/// <summary>
/// Real weights, those of all-MiniLM-L6-v2, in BERTScore. They are no part of the repository: CORL_MINILM names their folder. The tokens are
/// checked without them.
/// </summary>
public sealed class MiniLmTests
{
    private static readonly JsonElement[] Pairs = [.. JsonElement.Parse(File.ReadAllText(GoldenFiles.Path("reward-models/bertscore/minilm_pairs.json"))).GetProperty("pairs").EnumerateArray()];

    [Fact]
    public void Encode_EveryText_GivesTheReferenceIds()
    {
        var words = WordPiece.Load(GoldenFiles.Path("reward-models/tokenizers/bert"));
        foreach (var side in new[] { "candidate", "reference" })
        {
            Assert.All(Pairs, pair => Assert.Equal(pair.GetProperty($"{side}_ids").EnumerateArray().Select(id => id.GetInt32()), words.Encode(Text(pair, side))));
        }
    }

    [Theory]
    [InlineData(BertScoreRules.Torchmetrics, "torchmetrics_PRF", "last", 6)]
    [InlineData(BertScoreRules.Torchmetrics, "torchmetrics_PRF", "layer_4", 4)]
    [InlineData(BertScoreRules.BertScore, "bert_score_PRF", "layer_6", 6)]
    [InlineData(BertScoreRules.BertScore, "bert_score_PRF", "layer_4", 4)]
    public void Score_RealWeights_EqualsBothPackages(BertScoreRules rules, string package, string key, int layer)
    {
        var folder = Environment.GetEnvironmentVariable("CORL_MINILM");
        Assert.SkipWhen(folder is null, "CORL_MINILM names no folder with the weights of all-MiniLM-L6-v2");
        using var bert = BertScore.Load(folder, new BertScoreOptions { Rules = rules, Layer = layer });
        var scores = bert.Score([.. Pairs.Select(pair => Text(pair, "candidate"))], [.. Pairs.Select(pair => Text(pair, "reference"))]);
        foreach (var (pair, score) in Pairs.Zip(scores))
        {
            double[] expected = [.. pair.GetProperty(package).GetProperty(key).EnumerateArray().Select(value => value.GetDouble())];
            Assert.Equal(expected, [score.Precision, score.Recall, score.F], (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    private static string Text(JsonElement pair, string side) => pair.GetProperty(side).GetString()!;
}
