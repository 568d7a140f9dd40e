using System.Diagnostics;
using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>Whatever a model writes gets a judgement in linear time.</summary>
public sealed class HostileAnswerTests
{
    private const int Seconds = 20; // for work of milliseconds; quadratic work would take hours

    [Theory]
    [InlineData("<think>")]
    [InlineData("<answer>")]
    [InlineData("</answer>")]
    [InlineData("<think></think>")]
    [InlineData("<answer>B</answer>")]
    [InlineData("<think><answer>")]
    [InlineData(" ")]
    [InlineData("\"")]
    [InlineData("**")]
    [InlineData(". ")]
    [InlineData("Answer: ")]
    [InlineData("answer ")]
    [InlineData("pick a ")]
    [InlineData("answer is B or ")]
    [InlineData(@"\boxed{")]
    [InlineData(@"\boxed  {}")]
    [InlineData("B)")]
    [InlineData(", ")]
    [InlineData(" & ")]
    [InlineData("one thousand ")]
    [InlineData("9")]
    [InlineData("1,000")]
    [InlineData("\ud800")]
    [InlineData("Ａ")]
    [InlineData("\u0301")]
    [InlineData("e\u0301\u0316")]
    public void Judge_OneMegabyteOfOnePattern_EndsSoon(string pattern) => Judge(pattern, 1_000_000);

    [Theory]
    [InlineData("<think>")]
    [InlineData("\". ")]
    public void Judge_TenMegabytesOfOnePattern_EndsSoon(string pattern) => Judge(pattern, 10_000_000);

    [Fact]
    public void Judge_WrappersTenThousandDeep_AreTakenOff()
    {
        const int Depth = 10_000;
        var boxed = string.Concat(Enumerable.Repeat(@"\boxed{", Depth)) + "B" + new string('}', Depth);
        Assert.Equal("letter alone", AnswerMatch.MultipleChoice("", "B", AnswerTags.Extract(boxed).Answer!).Rule);
        var tags = string.Concat(Enumerable.Repeat("<think>", Depth));
        Assert.Equal("repeated <think>", AnswerTags.StrictFormat(tags + "</think><answer>B</answer>").Rule);
    }

    private static void Judge(string pattern, int characters)
    {
        var text = string.Concat(Enumerable.Repeat(pattern, characters / pattern.Length));
        string[] responses = [text, "<think>x</think><answer>" + text + "</answer>", "answer" + text + "x", @"\boxed" + text + "}"];
        foreach (var response in responses)
        {
            var clock = Stopwatch.StartNew();
            AnswerTags.StrictFormat(response);
            AnswerMatch.Accuracy(true, "Which?\nA. cat\nB. dog", "B", response);
            AnswerMatch.Accuracy(false, "What?", "a dog and a cat", response);
            Assert.True(clock.Elapsed.TotalSeconds < Seconds, $"{clock.Elapsed} for '{pattern}'");
        }
    }
}
