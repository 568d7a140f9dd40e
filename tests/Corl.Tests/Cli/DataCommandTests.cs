using Corl.Cli;
using Corl.Data;
using Corl.Imaging;
using Corl.Shapes;

namespace Corl.Tests.Cli;

public sealed class DataCommandTests
{
    [Fact]
    public void Shapes_WrittenRows_AreTheWorldsRecords()
    {
        using var folder = new TemporaryFolder();
        var run = CommandLine.Run("data", "shapes", "1003", "--out", folder.File("shapes.parquet"), "--seed", "5", "--json"); // more rows than a row group
        Assert.Equal((0, "", 1003), (run.ExitCode, run.Error, run.Json.GetProperty("rows").GetInt32()));
        using var rows = SampleSet.Open(folder.File("shapes.parquet"));
        Assert.Equal((1003, SampleParts.All), (rows.Count, rows.Parts));
        foreach (var i in new[] { 0, 1, 1002 })
        {
            var (sample, record) = (rows.Read(i), ShapesRecord.Of(5 + (ulong)i));
            var question = SceneQuestion.Of(record, multipleChoice: i % 2 == 0);
            Assert.Equal((record.Prompt, question.Text, question.Response), (sample.Prompt, sample.Question, sample.Answer));
            Assert.Equal(i % 2 == 0 ? QuestionType.MultipleChoice : QuestionType.OpenEnded, sample.Type);
            Assert.Equal(SceneRenderer.Render(record.Scene), sample.RealImage!.Pixels);
        }
    }

    [Fact]
    public void Validate_CorruptRows_AreCountedAndNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "3", "--out", folder.File("a.parquet")).ExitCode);
        Assert.Equal(0, CommandLine.Run("data", "validate", folder.File("a.parquet")).ExitCode);
        File.WriteAllText(folder.File("b.jsonl"), """
            {"prompt": "a star"}
            {"prompt": 7}
            {"prompt": "a cross"}
            """);
        var run = CommandLine.Run("data", "validate", folder.File("b.jsonl"), "--json");
        Assert.Equal((Program.UsersMistake, 3), (run.ExitCode, run.Json.GetProperty("rows").GetInt32()));
        var bad = Assert.Single(run.Json.GetProperty("bad").EnumerateArray());
        Assert.Equal("b.jsonl, line 2", bad.GetProperty("row").GetString());
    }

    [Fact]
    public void Validate_ImagesThatMustNotBeSeen_AreNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "4", "--out", folder.File("a.parquet"), "--seed", "3").ExitCode);
        Directory.CreateDirectory(folder.File("held-out"));
        using (var rows = SampleSet.Open(folder.File("a.parquet")))
        {
            var image = rows.Read(2).RealImage!;
            File.WriteAllBytes(folder.File("held-out/x.png"), ImageCodec.EncodePng(Resize.Bicubic(image, 64, 64)));
        }

        var run = CommandLine.Run("data", "validate", folder.File("a.parquet"), "--against", folder.File("held-out"), "--distance", "12", "--json");
        Assert.Equal(Program.UsersMistake, run.ExitCode);
        Assert.Equal(["a.parquet, row 2"], run.Json.GetProperty("leaked").EnumerateArray().Select(row => row.GetProperty("row").GetString()));
        Assert.Equal((2, 2, 0), (run.Json.GetProperty("multipleChoice").GetInt32(), run.Json.GetProperty("openEnded").GetInt32(), run.Json.GetProperty("bad").GetArrayLength()));
        Assert.Equal(0, CommandLine.Run("data", "validate", folder.File("a.parquet")).ExitCode);
    }

    [Fact]
    public void Validate_AnswersThatCannotBeRewarded_AreToldButNotRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.jsonl"), """
            {"question": "Which?\nA. a cat\nB. a dog", "answer": "<answer>C</answer>", "type": "MC"}
            {"question": "Which?\nA. a cat\nB. a dog", "answer": "<answer>B</answer>", "type": "MC"}
            {"question": "What?", "answer": "..."}
            """);
        var run = CommandLine.Run("data", "validate", folder.File("a.jsonl"));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("a.jsonl, line 3: its own answer would not be rewarded", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 rows have an answer that the reward would not accept", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_BadRow_IsNamedAndTheNextOneShown()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.jsonl"), "{\"prompt\": 7}\n{\"prompt\": \"a cross\"}\n");
        var run = CommandLine.Run("data", "show", folder.File("a.jsonl"));
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("a.jsonl, line 1: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("a cross", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_NotParquet_IsOneLineAndTwo()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.parquet"), "prompt,answer\n");
        var run = CommandLine.Run("data", "validate", folder.File("a.parquet"));
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("corl: a.parquet: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    public void Shapes_ImpossibleCount_IsRefused(string count)
    {
        using var folder = new TemporaryFolder();
        CommandLine.Run("data", "shapes", "--out", folder.File("a.parquet"), "--", count).IsMistake($"{count} rows: expected 1 to 10,000,000");
    }
}
