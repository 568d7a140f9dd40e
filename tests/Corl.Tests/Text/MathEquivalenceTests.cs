using System.Text.Json;
using Corl.Data;
using Corl.Rewards;
using Corl.Text.Mathematics;

namespace Corl.Tests.Text;

/// <summary>Pairs of answers with what they mean by construction and what Math-Verify says of them.</summary>
public sealed class MathEquivalenceTests(ITestOutputHelper output)
{
    // Sums, integrals and derivatives are not computed, and f(x) = … is not y = …; such an answer is never called right.
    private const double LeastAgreement = 0.98;

    [Fact]
    public void Compare_PairsWithAMeaning_NeverCallsAWrongAnswerRight()
    {
        var (right, pairs) = (0, 0);
        foreach (var row in Rows.Where(row => row.GetProperty("constructed").ValueKind != JsonValueKind.Null))
        {
            var (truth, answer) = (row.GetProperty("gold").GetString()!, row.GetProperty("prediction").GetString()!);
            var (wanted, given) = (row.GetProperty("constructed").GetBoolean(), MathAnswer.Compare(truth, answer, MathLevel.P2).IsEqual);
            Assert.True(wanted || !given, $"{truth} <- {answer}: called equal");
            (right, pairs) = (right + (wanted == given ? 1 : 0), pairs + 1);
            if (wanted != given)
            {
                output.WriteLine($"not recognised: {truth} <- {answer}");
            }
        }

        output.WriteLine($"{right} of {pairs}");
        Assert.True(right >= LeastAgreement * pairs, $"{right} of {pairs}");
    }

    [Theory]
    [InlineData("12", "12.0", MathLevel.P0)]
    [InlineData("-5", "\u22125", MathLevel.P0)]
    [InlineData("1000", "1 000", MathLevel.P0)]
    [InlineData(@"$2\frac{1}{2}$", "2.5", MathLevel.P0)]
    [InlineData("3 1/2", "3.5", MathLevel.P0)]
    [InlineData("50%", "0.5", MathLevel.P0)]
    [InlineData("1e6", "1000000", MathLevel.P0)]
    [InlineData(@"0.\overline{3}", "1/3", MathLevel.P0)]
    [InlineData("10 cm", "10", MathLevel.P0)]
    [InlineData("7", @"so \boxed{7}.", MathLevel.P0)]
    [InlineData(@"$\sqrt{8}$", @"$2\sqrt{2}$", MathLevel.P1)]
    [InlineData(@"$\sin(30^\circ)$", "0.5", MathLevel.P1)]
    [InlineData("$1,2$", "$2,1$", MathLevel.P1)]
    [InlineData("$x=5$", "5", MathLevel.P1)]
    [InlineData("$[1,2)$", "$[1.0,2.0)$", MathLevel.P1)]
    [InlineData("$(x+1)^2$", "$x^2+2x+1$", MathLevel.P2)]
    [InlineData(@"$[0,1)$", @"$0\le x<1$", MathLevel.P2)]
    [InlineData("$x>2$", "$2<x$", MathLevel.P2)]
    [InlineData(@"$\pm 2$", "$2,-2$", MathLevel.P2)]
    [InlineData("$1+2i$", "$2i+1$", MathLevel.P2)]
    public void Compare_EqualAnswers_AreEqualFromTheirLevelOn(string truth, string answer, MathLevel level)
    {
        Assert.All(new[] { MathLevel.P0, MathLevel.P1, MathLevel.P2 }, tried => Assert.Equal(tried >= level, MathAnswer.Compare(truth, answer, tried).IsEqual));
    }

    [Theory]
    [InlineData("12", "1 2")]
    [InlineData("2/3", "0.667")]
    [InlineData(@"$\pi$", "3.14159")]
    [InlineData("$(1,2)$", "$(2,1)$")]
    [InlineData("$(1,2)$", "$[1,2]$")]
    [InlineData("$x=5$", "$y=5$")]
    [InlineData("$x>2$", @"$x\ge2$")]
    [InlineData("10 m", "10 km")]
    [InlineData("12:30", "12:45")]
    [InlineData("7", "7 or 8")]
    [InlineData("5", "$x+2=5$")]
    [InlineData("", "5")]
    [InlineData("", "")]
    public void Compare_DifferentAnswers_AreDifferent(string truth, string answer) => Assert.False(MathAnswer.Compare(truth, answer, MathLevel.P2).IsEqual);

    [Fact]
    public void Compare_HostileText_EndsSoon()
    {
        string[] texts = [new('{', 10_000), new('(', 4000), new('-', 4000), string.Concat(Enumerable.Repeat(@"\frac{", 600)), string.Concat(Enumerable.Repeat(@"\boxed{", 500)), "9^9^9^9^9", "400!!", new('$', 4000), "\uD83D", string.Concat(Enumerable.Repeat("x(", 1000)), string.Concat(Enumerable.Repeat("1,", 2000)), new('9', 4000)];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var text in texts)
        {
            Assert.False(MathAnswer.Compare("5", text, MathLevel.P2).IsEqual);
            Assert.False(MathAnswer.Compare(text, "5", MathLevel.P2).IsEqual);
            MathAnswer.Compare(text, text + " ", MathLevel.P2);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}"); // takes well below one
    }

    [Fact]
    public void Accuracy_Equivalence_CountsWhenAskedFor()
    {
        var candidates = new Candidates { GroupSize = 1, Prompts = [""], Questions = ["How long?"], Answers = [@"2\sqrt{2}"], Types = [QuestionType.OpenEnded], Responses = [@"<think>x</think><answer>$\sqrt{8}$</answer>"] };
        Assert.Equal(0, new AnswerAccuracyReward().Score(candidates)[0]);
        Assert.Equal(1, new AnswerAccuracyReward { Equivalence = MathLevel.P1 }.Score(candidates)[0]);
    }

    // All in the full set; the settings of the copy are Math-Verify's own.
    private static IEnumerable<JsonElement> Rows => JsonLines.Read(GoldenFiles.Path("graders/math_equivalence.jsonl"));
}
