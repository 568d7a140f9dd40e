using System.Text.Json;
using Corl.Rewards;
using Corl.Rollouts;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

public sealed class TextImageMatchTests
{
    private static readonly JsonElement Golden = JsonElement.Parse(File.ReadAllText(GoldenFiles.Path("janus/tim/tim.json")));

    [Fact]
    public void Score_GoldenMatrices_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var file = Tensors.Golden("janus/tim/eq4.safetensors");
        foreach (var row in Golden.GetProperty("eq4").EnumerateArray())
        {
            var name = row.GetProperty("name").GetString()!;
            var value = TextImageMatch.Score(file.Read($"{name}.image_tokens").unsqueeze(0), file.Read($"{name}.text_tokens").unsqueeze(0));
            Assert.Equal(row.GetProperty("value").GetSingle(), value.item<float>(), 1e-5f);
        }
    }

    [Fact]
    public void Score_PaddedText_NeverCounts()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var (image, text) = (randn(1, 4, 6), randn(1, 3, 6));
        var alone = TextImageMatch.Score(image, text).item<float>();
        var padded = cat([text, image[.., ..2]], 1); // the padding would match perfectly
        var masked = TextImageMatch.Score(image, padded, tensor(new[] { true, true, true, false, false }).unsqueeze(0));
        Assert.Equal(alone, masked.item<float>(), 1e-6f);
        Assert.Equal(0, TextImageMatch.Score(image, text, zeros(1, 3, dtype: ScalarType.Bool)).item<float>());
    }

    [Fact]
    public void Score_Laws_Hold()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (image, text) = (randn(1, 5, 8), randn(1, 3, 8));
        var value = TextImageMatch.Score(image, text).item<float>();
        Assert.Equal(1, TextImageMatch.Score(image, image).item<float>(), 1e-6f);                                 // equal sets
        Assert.Equal(0, TextImageMatch.Score(eye(4)[..2].unsqueeze(0), eye(4)[2..].unsqueeze(0)).item<float>()); // orthogonal ones
        Assert.Equal(value, TextImageMatch.Score(text, image).item<float>(), 1e-6f);                              // symmetric
        Assert.Equal(value, TextImageMatch.Score(image.flip(1) * 7, text.flip(1) * 0.1).item<float>(), 1e-6f);    // order and scale do not matter
    }

    [Theory]
    [InlineData(MatchSpans.Prompt, "reward_prompt_tokens_unpadded")]
    [InlineData(MatchSpans.AfterImage, "reward_all_tokens_after_image")]
    [InlineData(MatchSpans.Fixed, "ulm_alone")]
    public void Reward_GoldenImages_EqualsTheReference(MatchSpans spans, string key)
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        var samples = Golden.GetProperty("samples").EnumerateArray().ToArray();
        var captions = samples.Select(sample => sample.GetProperty("caption").GetString()!).ToArray();

        var scores = new TextImageMatchReward(policy) { Spans = spans }.Score(new Candidates { GroupSize = 1, Prompts = captions, Images = Images() });

        for (var i = 0; i < samples.Length; i++)
        {
            Assert.Equal(samples[i].GetProperty(key).GetSingle(), scores[i]!.Value, 1e-5f);
        }
    }

    [Fact]
    public void Reward_OneCaptionForAGroup_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        var golden = Golden.GetProperty("ulm_four_images_one_caption");
        var candidates = new Candidates { GroupSize = 4, Prompts = [golden.GetProperty("caption").GetString()!], Images = Images() };

        var scores = new TextImageMatchReward(policy) { Spans = MatchSpans.Fixed }.Score(candidates);

        Assert.All(golden.GetProperty("values").EnumerateArray().Zip(scores.Values), pair => Assert.Equal(pair.First.GetSingle(), pair.Second!.Value, 1e-5f));
    }

    [Fact]
    public void Compare_ReferencesPaddedBatch_EqualsItsDefect()
    {
        // In a left-padded batch the reference's constants hit other tokens: those of the row itself, pad places further left.
        using var scope = NewDisposeScope();
        using var file = Tensors.Golden("janus/tim/tim.safetensors");
        var samples = Golden.GetProperty("samples").EnumerateArray().ToArray();
        var tokens = samples[0].GetProperty("image_positions")[1].GetInt32() - samples[0].GetProperty("image_positions")[0].GetInt32();
        var length = samples[0].GetProperty("length").GetInt32();

        var values = TextImageMatchReward.Compare(file.Read("last_hidden_state"), [.. samples.Select(_ => (5, tokens))], [.. samples.Select(_ => (tokens + 10, length - tokens - 10))]);

        Assert.All(samples.Zip(values), pair => Assert.Equal(pair.First.GetProperty("ulm_in_padded_batch").GetSingle(), pair.Second, 1e-5f));
    }

    [Theory]
    [InlineData(MatchStates.UnderstandingHidden)]
    [InlineData(MatchStates.GenerationHidden)]
    [InlineData(MatchStates.InputEmbedding)]
    public void Reward_BatchOfDifferentLengths_EqualsOneByOne(MatchStates states)
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        string[] prompts = ["a", "a red cat on a blue square", "two dogs", ""];
        var (images, codes) = (Images(), randint(0, 64, [4, policy.Model.Config.ImageCodes], ScalarType.Int64));
        var reward = new TextImageMatchReward(policy) { States = states };

        var together = reward.Score(new Candidates { GroupSize = 1, Prompts = prompts, Images = images, Codes = codes });

        for (var i = 0; i < 3; i++)
        {
            var alone = reward.Score(new Candidates { GroupSize = 1, Prompts = [prompts[i]], Images = images[i].unsqueeze(0), Codes = codes[i].unsqueeze(0) });
            Assert.Equal(alone[0]!.Value, together[i]!.Value, 1e-5f);
        }

        Assert.Null(together[3]); // nothing to match with
    }

    [Fact]
    public void Reward_FrozenScorer_IgnoresTheMovingPolicy()
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        using var frozen = policy.Snapshot(["language_model"]);
        var candidates = new Candidates { GroupSize = 4, Prompts = ["a red cat"], Images = Images() };
        var (live, fixedScorer) = (new TextImageMatchReward(policy), new TextImageMatchReward(policy, frozen));
        var before = fixedScorer.Score(candidates).Values;
        Assert.Equal(before, live.Score(candidates).Values);
        using (no_grad())
        {
            policy.Model.named_parameters().First(pair => pair.name.EndsWith("norm.weight", StringComparison.Ordinal) && pair.name.StartsWith("language_model", StringComparison.Ordinal)).parameter.mul_(tensor(Enumerable.Range(0, 64).Select(i => 1f + i).ToArray()));
        }

        Assert.Equal(before, fixedScorer.Score(candidates).Values);
        Assert.NotEqual(before, live.Score(candidates).Values);
    }

    [Fact]
    public void Reward_UnusableImage_CannotBeScored()
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        var images = Images();
        images[1] = full(3, 16, 16, float.NaN);
        var scores = new TextImageMatchReward(policy).Score(new Candidates { GroupSize = 4, Prompts = ["a <image_placeholder> red cat"], Images = images });
        Assert.Equal(float.NaN, scores[1]);
        Assert.All(scores.Values.Where((_, row) => row != 1), value => Assert.InRange(value!.Value, -1, 1));
    }

    [Fact]
    public void Reward_ManyCalls_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        using var policy = LoadPolicy();
        var candidates = new Candidates { GroupSize = 4, Prompts = ["a red cat"], Images = Images() };
        var reward = new TextImageMatchReward(policy);
        reward.Score(candidates); // tables of positions are made once
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        reward.Score(candidates);
        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static Policy LoadPolicy() => Policy.Load(GoldenFiles.Path("janus/tiny/native"), dtype: ScalarType.Float32);

    // [4, 3, 16, 16] in [−1, 1]
    private static Tensor Images()
    {
        using var scope = NewDisposeScope();
        using var file = Tensors.Golden("janus/tim/tim.safetensors");
        return ((file.Read("images_uint8").permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 127.5) - 1).MoveToOuterDisposeScope();
    }
}
