using System.Text.Json;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>What is read from single answers: option letters, yes and no, formulas. Outcomes of both states of the kit.</summary>
public sealed class KitMatcherTests
{
    [Fact]
    public void OptionInference_GoldenAnswers_AreReadAsByTheKit()
    {
        List<string> wrong = [];
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/vlmeval/can_infer.jsonl")))
        {
            var answer = row.GetProperty("response").GetString()!;
            (string, string)[] options = [.. row.GetProperty("choices").EnumerateObject().Select(choice => (choice.Name, choice.Value.ToString()))];
            foreach (var profile in KitGolden.Profiles)
            {
                string? Expected(string step) => KitGolden.Of(row.GetProperty(step), profile).GetString();
                if ((OptionInference.ByLetter(answer, options, profile), OptionInference.ByText(answer, options, profile), OptionInference.Infer(answer, options, profile))
                    != (Expected("option"), Expected("text"), Expected("can_infer")))
                {
                    wrong.Add($"{profile} {row}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void YesNo_GoldenAnswers_AreReadAsByTheKit()
    {
        List<string> wrong = [];
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/vlmeval/yorn_extraction.jsonl")))
        {
            var text = row.GetProperty("text").GetString()!;
            foreach (var profile in KitGolden.Profiles)
            {
                var expected = row.TryGetProperty("both", out var both) ? both : row.GetProperty(profile == KitProfile.Head ? "head" : "2025-05");
                if ((YesNo.WithoutPunctuation(Corl.Text.PythonText.Lower(text)), YesNo.Extract(text)) != (expected[0].GetString(), expected[1].GetString()))
                {
                    wrong.Add($"{row} got {YesNo.WithoutPunctuation(Corl.Text.PythonText.Lower(text))}, {YesNo.Extract(text)}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void MathVisionEquality_GoldenPairs_AreComparedAsByTheKit()
    {
        List<string> wrong = [];
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/vlmeval/mathvision_is_equal.jsonl")))
        {
            foreach (var profile in KitGolden.Profiles)
            {
                var expected = row.TryGetProperty("both", out var both) ? both : row.GetProperty(profile == KitProfile.Head ? "head" : "2025-05");
                if (MathVisionEquality.AreEqual(row.GetProperty("answer").GetString()!, row.GetProperty("reference").GetString()!, profile) != (expected.ValueKind == JsonValueKind.True))
                {
                    wrong.Add($"{profile} {row}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void WeMathLetter_GoldenAnswers_AreReadAsByTheKit()
    {
        var wrong =
            from row in JsonLines.Read(GoldenFiles.Path("graders/vlmeval/wemath_parse.jsonl"))
            from profile in KitGolden.Profiles
            let expected = row.TryGetProperty("both", out var both) ? both : row.GetProperty(profile == KitProfile.Head ? "head" : "2025-05")
            where row.GetProperty("prediction").GetString() is { Length: > 0 } answer && WeMathRules.Letter(answer) != expected.GetString()
            select $"{profile} {row}";
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("<think>the girl eats</think><answer>C</answer>", "C")]
    [InlineData("<answer>A</answer> or <answer>\n B \n</answer>", "B")]
    [InlineData("<think>a cat</think> It is D.", "It is D.")]
    [InlineData("<think>a cat</think>  ", "<think>a cat</think>  ")]
    [InlineData("<answer>C", "<answer>C")]
    [InlineData("no tags", "no tags")]
    public void Unwrap_Tags_TakesTheLastAnswer(string answer, string expected)
    {
        Assert.Equal(expected, AnswerUnwrap.Tags.Apply(answer));
        Assert.Equal(answer, AnswerUnwrap.None.Apply(answer));
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(7, "7.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789012345680, "1.2345678901234568e+17")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(-1.5e-7, "-1.5e-07")]
    [InlineData(double.PositiveInfinity, "inf")]
    public void PythonNumber_Show_IsPythonsRepr(double value, string expected) => Assert.Equal(expected, PythonNumber.Show(value)); // by CPython 3.11

    [Theory]
    [InlineData("[]", "")]
    [InlineData("['3/11', \"it's\", 7, 2.50]", "3/11|it's|7|2.5")]
    [InlineData("('a', 'b\\n\\u00e9\\'',)", "a|b\né'")]
    [InlineData("['a' 'b']", null)]
    [InlineData("['a', [1]]", null)]
    [InlineData("__import__('os').system('x')", null)]
    [InlineData("['a'", null)]
    public void PythonLiteral_List_ReadsAndNeverRuns(string text, string? expected) =>
        Assert.Equal(expected, PythonLiteral.List(text) is { } items ? string.Join('|', items) : null);

    [Fact]
    public void PythonLiteral_Dictionary_ReadsApostrophes() =>
        Assert.Equal("it's", PythonLiteral.Dictionary("{'subject': 'functions', 'source': \"it's\"}")!["source"]);

    [Theory]
    [InlineData("9**9**9**9")]
    [InlineData("2**99999999999")]
    public void PythonArithmetic_Bomb_IsRefused(string text) => Assert.Null(PythonArithmetic.Evaluate(text));

    [Fact]
    public void PythonArithmetic_Nesting_IsBounded()
    {
        Assert.Null(PythonArithmetic.Evaluate(new string('(', 400) + "1" + new string(')', 400)));
        Assert.Null(LatexArithmetic.Evaluate(new string('{', 400) + "1" + new string('}', 400), KitProfile.Head));
    }
}
