using Corl.Cli;
using Corl.Data;
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
