using System.Text.Json;
using Corl.Cli;
using Corl.Imaging;
using Corl.Reports;
using Corl.Shapes;

namespace Corl.Tests.Cli;

public sealed class ScoreTests
{
    [Fact]
    public void Score_Answers_GivesEveryRewardPerRowInOrder()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), """
            {"question": "Which? A. cat B. dog", "answer": "B", "type": "MC", "response": "<think>It barks.</think><answer>B</answer>"}
            {"question": "What?", "answer": "a dog", "response": "a dog"}
            {"question": "Which? A. cat B. dog", "answer": "B", "type": "MC", "response": "<think>It purrs.</think><answer>A</answer>"}
            """);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", "refined-mcq", "--model", GoldenFiles.Path("janus/tiny/native"), "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        // Accuracy is judged with or without tags, the format is strict; refined-mcq weighs both with 1.
        Assert.Equal([(1, 1, 2), (1, 0, 1), (0, 1, 1)], run.Json.EnumerateArray().Select(row => (Number(row, "accuracy"), Number(row, "format"), Number(row, "reward"))));

        static double Number(JsonElement row, string name) => row.GetProperty(name).GetDouble();
    }

    [Fact]
    public void Score_AnyOrderAndAlone_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        string[] rows = [.. Enumerable.Range(0, 6).Select(i => Row(folder, i))];
        var together = Scores(folder, "--model", Shipped, rows);
        var reversed = Scores(folder, "--model", Shipped, [.. rows.Reverse()]);
        for (var i = 0; i < rows.Length; i++)
        {
            var alone = Assert.Single(Scores(folder, "--model", Shipped, rows[i]));
            foreach (var (name, value) in alone)
            {
                Assert.Equal(value!.Value, together[i][name]!.Value, 1e-5);
                Assert.Equal(value.Value, reversed[^(i + 1)][name]!.Value, 1e-5);
            }
        }
    }

    [Fact]
    public void Score_GivenCaption_NeedsNoImage()
    {
        using var folder = new TemporaryFolder();
        // Facts: {star, (star, red)} and {star, circle, (star, red), (circle, blue)}: P = 1, R = 1/2, F = 2/3.
        File.WriteAllText(folder.File("rows.jsonl"), """{"prompt": "a red star and a blue circle", "caption": "a red star"}""");
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--reward", "cycle=3", "--set", "judges.spice=shapes", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var row = Assert.Single(run.Json.EnumerateArray().ToArray());
        Assert.Equal((2 / 3.0, 2), (row.GetProperty("cycle/spice").GetDouble(), row.GetProperty("reward").GetDouble()), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-5);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("cycle/lpips").ValueKind);
    }

    [Fact]
    public void Score_ParquetInAndOut_IsWhatJsonLinesGive()
    {
        using var folder = new TemporaryFolder();
        string[] rows = [.. Enumerable.Range(0, 5).Select(i => Row(folder, i))];
        var expected = Scores(folder, "--model", Shipped, rows);
        WriteParquet(folder, rows);
        var run = CommandLine.Run("score", folder.File("rows.parquet"), "--recipe", "shapes/unified", "--out", folder.File("scores.parquet"));
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using var reader = new ParquetSharp.ParquetFileReader(folder.File("scores.parquet"));
        using var group = reader.RowGroup(0);
        var schema = reader.FileMetaData.Schema;
        foreach (var name in expected[0].Keys)
        {
            var leaf = Enumerable.Range(0, schema.NumColumns).Single(i => schema.Column(i).Name == name);
            using var column = group.Column(leaf).LogicalReader<double?>();
            Assert.Equal(expected.Select(row => (double?)row[name]), column.ReadAll(rows.Length));
        }
    }

    [Theory]
    [InlineData("--reward", "fromat", "--reward fromat: unknown reward 'fromat'; did you mean 'format'?")]
    [InlineData("--reward", "format=much", "--reward format=much: the weight 'much' is no number")]
    public void Score_WrongReward_IsOneLineAndTwo(string option, string value, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), "{}");
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), option, value);
        Assert.Equal((Program.UsersMistake, $"corl: {message}\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("""{"respnse": "a"}""", "rows.jsonl, line 1: unknown key 'respnse'; did you mean 'response'?")]
    [InlineData("""{"image": "none.png"}""", "none.png: no such image file")]
    [InlineData("""{"type": "XX"}""", "type is 'XX', expected MC or OE")]
    public void Score_Mistake_IsOneLineAndTwo(string line, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), line);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"));
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static readonly string Shipped = ModelFolder.Shipped("base");

    // A scene of the world with another scene's picture as the generated one and an answer, right for even rows.
    private static string Row(TemporaryFolder folder, int i)
    {
        var record = ShapesRecord.Of((ulong)(40 + i));
        var drawn = ShapesRecord.Of((ulong)(50 + (i / 2)));
        var question = SceneQuestion.Of(record, multipleChoice: false);
        File.WriteAllBytes(folder.File($"real-{i}.png"), Png(record));
        File.WriteAllBytes(folder.File($"drawn-{i}.png"), Png(drawn));
        return JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["prompt"] = record.Prompt,
            ["image"] = $"drawn-{i}.png",
            ["real_image"] = $"real-{i}.png",
            ["question"] = question.Text,
            ["answer"] = question.Answer,
            ["response"] = $"<think>x</think><answer>{(i % 2 == 0 ? question.Answer : "x")}</answer>",
        });
    }

    private static byte[] Png(ShapesRecord record) => ImageCodec.EncodePng(new RgbImage(World.Size, World.Size, SceneRenderer.Render(record.Scene)));

    private static Dictionary<string, float?>[] Scores(TemporaryFolder folder, string option, string value, params string[] rows)
    {
        File.WriteAllLines(folder.File("rows.jsonl"), rows);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", "shapes/unified", option, value, "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return [.. run.Json.EnumerateArray().Select(row => row.EnumerateObject().ToDictionary(x => x.Name, x => x.Value.ValueKind == JsonValueKind.Null ? null : (float?)x.Value.GetSingle()))];
    }

    private static void WriteParquet(TemporaryFolder folder, string[] rows)
    {
        var values = rows.Select(row => JsonSerializer.Deserialize<Dictionary<string, string>>(row)!).ToArray();
        TableColumn[] columns =
        [
            .. new[] { "prompt", "question", "answer", "response" }.Select(name => new TextColumn(name, [.. values.Select(row => row[name])])),
            .. new[] { "image", "real_image" }.Select(name => new ImageColumn(name, [.. values.Select(row => ((ReadOnlyMemory<byte>)File.ReadAllBytes(folder.File(row[name])), (string?)null))])),
        ];
        using var stream = File.Create(folder.File("rows.parquet"));
        using var table = new ParquetTable(stream, columns);
        table.WriteRows(columns);
        table.Finish();
    }
}
