using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class ShapesWeightsTests
{
    // What the reference implementation measured of its own weights: 150 prompts with 4 images, 250 questions of each type.
    private static readonly Dictionary<string, (double Overall, double Strict, double GreedyMcq, double GreedyOpenEnded, double SampledFormat)> Published = new()
    {
        ["base"] = (.435, .285, .516, .748, .358),
        ["base-long"] = (.572, .388, .572, .588, .73),
        ["rl"] = (.462, .397, .472, .704, .986),
    };

    /// <summary>The folders of stored weights beside the golden files, where they are there.</summary>
    public static TheoryData<string> Weights()
    {
        var folders = new TheoryData<string>();
        foreach (var name in Published.Keys.Where(name => Directory.Exists(GoldenFiles.Path($"../shapes/weights/{name}"))))
        {
            folders.Add(name);
        }

        return folders;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Weights))]
    public void Run_StoredWeights_ReproducesThePublishedScores(string name)
    {
        const int PromptsPerTask = 25, Questions = 100;
        using var policy = Policy.Load(GoldenFiles.Path($"../shapes/weights/{name}"));
        var player = new ShapesPlayer(policy, seed: 0);
        var images = ShapesEval.Run(player.Paint, PromptsPerTask);
        var greedy = ShapesQa.Run(player.Answer, greedy: true, Questions);
        var sampled = ShapesQa.Run(player.Answer, greedy: false, Questions);
        var expected = Published[name];
        AssertNear(expected.Overall, images.Overall, 600, 600); // the prompts are the published ones, the noise is not
        AssertNear(expected.Strict, images.Strict, 600, 600);
        AssertNear(expected.GreedyMcq, greedy.McqLenient, 250, Questions);
        AssertNear(expected.GreedyOpenEnded, greedy.OpenEndedLenient, 250, Questions);
        AssertNear(expected.SampledFormat, sampled.Format, 500, 2 * Questions);
    }

    [Fact]
    public void Run_ShippedBase_StandsWhereTrainingStillHasRoom()
    {
        using var policy = Policy.Load(Assets.Base);
        var player = new ShapesPlayer(policy, seed: 0);
        Assert.InRange(ShapesEval.Run(player.Paint, perTask: 10).Overall, .50, .80);
        Assert.InRange(ShapesQa.Run(player.Answer, greedy: false, perType: 50).Format, .1, .8);
    }

    [Fact]
    public void Paint_AnyChunk_GivesTheSameImages()
    {
        using var policy = Policy.Load(Assets.Base);
        var player = new ShapesPlayer(policy, seed: 0);
        string[] prompts = [.. ShapesEval.Prompts(1).Select(record => record.Prompt)];
        var together = player.Paint(prompts, 2, 0);
        var apart = prompts.SelectMany((prompt, b) => player.Paint([prompt], 2, b)).ToArray();
        Assert.Equal(together.Count, apart.Length);
        Assert.All(together.Zip(apart), pair => Assert.InRange(Differences(pair.First, pair.Second), 0, World.ImageBytes / 100)); // a matrix product may round otherwise in another batch
    }

    private static int Differences(byte[] a, byte[] b) => a.Zip(b, (x, y) => Math.Abs(x - y) > 2 ? 1 : 0).Sum();

    // Four standard errors of the difference of two shares, one of them measured on fewer samples: 1 in 16,000 by chance.
    private static void AssertNear(double published, double measured, int publishedCount, int measuredCount)
    {
        var variance = published * (1 - published);
        var tolerance = 4 * Math.Sqrt((variance / publishedCount) + (variance / measuredCount));
        Assert.InRange(measured, published - tolerance, published + tolerance);
    }
}
