using System.Text.Json;
using Corl.Imaging;
using Corl.Models;
using Corl.Rewards;
using Corl.Tests.Models;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

public sealed class ClipScoreRewardTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");

    [Fact]
    public void Score_ReferenceRun_EqualsItsRewards()
    {
        using var scope = NewDisposeScope();
        using var clip = Open();
        var golden = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "cycle/clip_reward.json")));
        string[] prompts = [.. golden.GetProperty("prompts").EnumerateArray().Select(text => text.GetString()!)];
        float[] expected = [.. golden.GetProperty("rewards").EnumerateArray().Select(value => value.GetSingle())];
        var images = cat([.. golden.GetProperty("images").EnumerateArray().Select(name => Pixels(name.GetString()!))]);

        var scores = new ClipScoreReward(clip).Score(new Candidates { GroupSize = 1, Prompts = prompts, Images = images });
        Assert.Equal(expected, scores.Values.OfType<float>(), (a, b) => Math.Abs(a - b) < 2e-5);

        var clamped = new ClipScoreReward(clip) { Clamp = true }.Score(new Candidates { GroupSize = 1, Prompts = prompts, Images = images });
        Assert.All(clamped.Values.Zip(expected), pair => Assert.Equal(Math.Max(0, pair.Second), pair.First!.Value, 2e-5));

        // One by one, and every image for the same prompt: a row's score is its own.
        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(expected[i], new ClipScoreReward(clip).Score(new Candidates { GroupSize = 1, Prompts = [prompts[i]], Images = images.narrow(0, i, 1) })[0]!.Value, 2e-5);
            Assert.Equal(expected[i], new ClipScoreReward(clip).Score(new Candidates { GroupSize = (int)images.shape[0], Prompts = [prompts[i]], Images = images })[i]!.Value, 2e-5);
        }
    }

    [Fact]
    public void Score_HostileRows_AreScoredOrNotANumber()
    {
        using var scope = NewDisposeScope();
        using var clip = Open();
        var images = zeros(8, 3, 1, 1);
        images[1] = full(3, 1, 1, float.NaN);
        var scores = new ClipScoreReward(clip).Score(new Candidates { GroupSize = 2, Prompts = ["a dog", "", "\uD83D", new string('x', 1 << 20)], Images = images });
        Assert.Equal(float.NaN, scores[1]);
        Assert.Equal([true, false, false, false, true, true, true, true], scores.Values.Select(value => value is { } number && float.IsFinite(number)));
        Assert.All(new ClipScoreReward(clip).Score(new Candidates { GroupSize = 1, Prompts = ["a dog"] }).Values, value => Assert.Null(value));
    }

    private static ClipModel Open() => ClipModel.Load(Path.Combine(Folder, "clip/open_clip_tiny"), Path.Combine(Folder, "clip/tiny"));

    private static Tensor Pixels(string relative) => ClipTests.Pixels(ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, relative)), relative));
}
