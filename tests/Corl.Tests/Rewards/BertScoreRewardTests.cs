using System.Text.Json;
using Corl.Models;
using Corl.Rewards;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

public sealed class BertScoreRewardTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");

    [Fact]
    public void Score_GroupOfCaptions_EqualsTorchmetricsInInputOrder()
    {
        using var scope = NewDisposeScope();
        using var bert = BertScore.Load(Path.Combine(Folder, "bertscore/bert_tiny"));
        using var captioner = BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));
        var golden = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "bertscore/bert_tiny/torchmetrics.json"))).GetProperty("group");
        string[] captions = [.. golden.GetProperty("captions").EnumerateArray().Select(text => text.GetString()!)];
        var candidates = new Candidates { GroupSize = captions.Length, Prompts = [golden.GetProperty("prompt").GetString()!], Captions = captions };

        var scores = new BertScoreReward(bert, captioner).Score(candidates);

        Assert.Equal(golden.GetProperty("in_input_order").GetProperty("F").EnumerateArray().Select(value => value.GetSingle()), scores.Values.OfType<float>(), (a, b) => Math.Abs(a - b) < 2e-5);
        Assert.Equal(captions, scores.Notes["caption"]);
    }

    [Fact]
    public void Score_ImagesOfAnyKind_AreScoredOrNotANumber()
    {
        using var scope = NewDisposeScope();
        using var bert = BertScore.Load(Path.Combine(Folder, "bertscore/bert_tiny"));
        using var captioner = BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));
        var images = zeros(4, 3, 1, 1);
        images[1] = full(3, 1, 1, float.NaN);
        var reward = new BertScoreReward(bert, captioner);
        var scores = reward.Score(new Candidates { GroupSize = 2, Prompts = ["a dog", ""], Images = images });
        Assert.Equal(float.NaN, scores[1]);
        Assert.Equal([true, false, false, false], scores.Values.Select(value => value is { } number && float.IsFinite(number)));
        Assert.All(reward.Score(new Candidates { GroupSize = 1, Prompts = ["a dog"] }).Values, value => Assert.Null(value));
    }
}
