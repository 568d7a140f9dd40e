using System.Diagnostics;
using Corl.Data;
using Corl.Imaging;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Text;
using Corl.Text.Mathematics;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

/// <summary>Whatever a policy or a data set comes up with: every reward answers in bounded time, with a number or null, and counts what it could not score.</summary>
public sealed class HostileInputTests
{
    private const int Long = 10_000_000; // characters
    private static readonly string Folder = GoldenFiles.Path("reward-models");

    private static readonly string[] Texts =
    [
        "", " ", "\0", "\uD83D", "\uDC00\uD83D x", "\uFEFF\u202E\u0301\u0301", "<think>", "</answer><answer>", new string('.', 5000), new string('a', Long),
        Times("a dog and a cat on the mat with ", Long), Times("<answer>", 10_000), Times("<think><answer>", 10_000), Times("(", 10_000), Times("\\frac{", 10_000), Times("{", 10_000) + Times("}", 10_000),
        Times("9", 100_000), "1e999999999", "-1e-999999999", "10^10^10^10", "99999999999999999999999!", Times("the the ", 100_000), Times("\n", 100_000), Times("é\u0301", 50_000), Times("**", 100_000), Times("a\u00A0", 100_000),
    ];

    public static IEnumerable<TheoryDataRow<string>> Spices => ["Captions", "Clean", "ShapesMultiset"];

    [Theory]
    [MemberData(nameof(Spices))]
    public void Cycle_AnyCaption_HasAScore(string name)
    {
        using var scope = NewDisposeScope();
        using var lpips = Small();
        using var captioner = BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));
        var reward = new CycleConsistencyReward(lpips, captioner, (Spice)typeof(Spice).GetProperty(name)!.GetValue(null)!);
        var column = Column(reward, new() { GroupSize = Texts.Length, Prompts = [Times("two red dogs. ", 100_000)], Captions = Texts });
        Assert.All(column.Values, value => Assert.InRange(value!.Value, 0, 1));
        Assert.Equal(0, column.Failed);
    }

    [Fact]
    public void Cycle_AnyImage_HasAScoreOrIsCounted()
    {
        using var scope = NewDisposeScope();
        using var lpips = Small();
        using var captioner = BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));
        foreach (var images in Images())
        {
            var candidates = new Candidates { GroupSize = 6, Prompts = ["a bar"], Images = images, RealImages = [new RgbImage(1, 1, [0, 128, 255])] };
            foreach (var size in Enum.GetValues<PerceptualSize>())
            {
                Checked(new CycleConsistencyReward(lpips, captioner, Spice.Shapes) { Size = size }, candidates, -1, 2);
            }
        }
    }

    [Fact]
    public void Clip_AnyImageAndText_HasAScoreOrIsCounted()
    {
        using var scope = NewDisposeScope();
        using var clip = ClipModel.Load(Path.Combine(Folder, "clip/open_clip_tiny"), Path.Combine(Folder, "clip/tiny"));
        foreach (var images in Images())
        {
            Checked(new ClipScoreReward(clip), new Candidates { GroupSize = 6, Prompts = ["a bar"], Images = images }, -2, 2);
        }

        var column = Column(new ClipScoreReward(clip), new() { GroupSize = 1, Prompts = Texts, Images = zeros(Texts.Length, 3, 8, 8) });
        Assert.All(column.Values.Zip(Texts), pair => Assert.True(pair.Second.Length == 0 ? pair.First is null : pair.First is >= -2 and <= 2));
    }

    [Fact]
    public void BertScore_AnyImageAndText_HasAScoreOrIsCounted()
    {
        using var scope = NewDisposeScope();
        using var bert = BertScore.Load(Path.Combine(Folder, "bertscore/bert_tiny"));
        using var captioner = BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));
        foreach (var images in Images())
        {
            Checked(new BertScoreReward(bert, captioner), new Candidates { GroupSize = 6, Prompts = ["a bar"], Images = images }, -1, 1);
        }

        var column = Column(new BertScoreReward(bert, captioner), new() { GroupSize = 1, Prompts = [.. Texts.Reverse()], Captions = Texts });
        Assert.All(column.Values.Zip(Texts.Reverse()), pair => Assert.True(pair.Second.Length == 0 ? pair.First is null : pair.First is >= -1 and <= 1));
    }

    [Fact]
    public void Tim_AnyImageAndPrompt_HasAScoreOrIsCounted()
    {
        using var scope = NewDisposeScope();
        using var policy = Policy.Load(GoldenFiles.Path("janus/tiny/native"));
        foreach (var images in Images())
        {
            Checked(new TextImageMatchReward(policy), new Candidates { GroupSize = 6, Prompts = ["a bar"], Images = images }, -1, 1);
        }

        // The trainer skips rows whose prompt is too long; what comes this far is at most some thousand tokens.
        string[] prompts = [.. Texts.Where(text => text.Length <= 1000)];
        var column = Column(new TextImageMatchReward(policy), new() { GroupSize = 1, Prompts = prompts, Images = zeros(prompts.Length, 3, 1, 1) });
        Assert.All(column.Values.Zip(prompts), pair => Assert.True(pair.Second.Length == 0 ? pair.First is null : pair.First is >= -1 and <= 1));
    }

    [Theory]
    [InlineData(QuestionType.MultipleChoice)]
    [InlineData(QuestionType.OpenEnded)]
    public void Answers_AnyText_IsZeroOrOne(QuestionType type)
    {
        string[] responses = [.. Texts.Where(text => text.Length < Long), .. Texts.Where(text => text.Length < Long).Select(text => $"<think>{text}</think><answer>{text}</answer>")];
        Judge("How many?\nA. one\nB. two", "<answer>2</answer>", [.. Texts, .. responses]);
        Judge("", "\\frac{1}{2}", responses);
        foreach (var truth in Texts)
        {
            Judge(truth, truth, ["12"]);
        }

        void Judge(string question, string answer, string[] given)
        {
            var candidates = new Candidates { GroupSize = given.Length, Prompts = [""], Questions = [question], Answers = [answer], Types = [type], Responses = given };
            foreach (var reward in new IReward[] { new AnswerAccuracyReward(), new AnswerAccuracyReward { Equivalence = MathLevel.P2 }, new FormatReward() })
            {
                Assert.All(Column(reward, candidates).Values, value => Assert.True(value is 0 or 1));
            }
        }
    }

    // Of the images of a batch the rows 1 and 2 are no numbers.
    private static void Checked(IReward reward, Candidates candidates, float lowest, float highest)
    {
        var column = Column(reward, candidates, floor: -9);
        Assert.Equal(2, column.Failed);
        Assert.Equal([-9f, -9f], column.Values[1..3]);
        Assert.All(column.Values.Where((_, row) => row is not 1 and not 2), value => Assert.InRange(value!.Value, lowest, highest));
    }

    private static RewardColumn Column(IReward reward, Candidates candidates, float floor = 0)
    {
        const int Seconds = 60; // of a machine that does other work, too; alone each call takes less than two, and what is quadratic would take hours
        var watch = Stopwatch.StartNew();
        var column = Assert.Single(new RewardSum(new RewardTerm(reward) { Floor = floor }).Score(candidates).Columns);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, Seconds);
        Assert.All(column.Parts.Values.SelectMany(part => part), value => Assert.True(value is null || float.IsFinite(value.Value)));
        return column;
    }

    // [6, 3, H, W] of three sizes: black, not a number in one place, infinite, far beyond the range, the smallest numbers, white.
    private static IEnumerable<Tensor> Images()
    {
        foreach (var (height, width) in new[] { (1, 1), (1, 64), (16, 16) })
        {
            var images = stack([.. new[] { -1, 0, float.PositiveInfinity, 1e38f, float.Epsilon, 1 }.Select(value => full(3, height, width, value))]);
            images[1, 2, height - 1, width - 1] = float.NaN;
            yield return images;
        }
    }

    private static string Times(string text, int count) => string.Concat(Enumerable.Repeat(text, Math.Max(1, count >= Long ? count / text.Length : count)));

    private static Lpips Small()
    {
        long[] widths = [4, 6];
        return new Lpips(LpipsBackbone.CreateSmall(widths, InitialWeights.FanIn(1)), [.. widths.Select(width => full(width, 0.125f))], LpipsEpsilon.Package);
    }
}
