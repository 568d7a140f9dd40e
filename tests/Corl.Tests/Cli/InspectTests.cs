using System.Diagnostics;
using System.Text.Json;
using Corl.Cli;

namespace Corl.Tests.Cli;

public sealed class InspectTests
{
    // Counts as stated by the golden set; the buffer codebook_used is no parameter.
    [Theory]
    [InlineData("native", 322, 1_240_843)]
    [InlineData("original", 328, 1_253_515)]
    public void Inspect_TinyJanus_CountsTensorsAndParameters(string layout, int tensors, long parameters)
    {
        var path = GoldenFiles.Path($"janus/tiny/{layout}");
        Assert.SkipUnless(Directory.Exists(path), "this layout is in the full golden set only");
        var run = CommandLine.Run("inspect", path, "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(("model", layout), (Text(run, "kind"), Text(run, "layout")));
        Assert.Equal((tensors, parameters), (run.Json.GetProperty("tensors").GetArrayLength(), run.Json.GetProperty("parameters").GetInt64()));
        Assert.Equal(0, run.Json.GetProperty("problems").GetArrayLength());
        Assert.All(run.Json.GetProperty("tensors").EnumerateArray(), x => Assert.Contains(x.GetProperty("dtype").GetString(), new[] { "BF16", "F32" }));
    }

    [Fact]
    public void Inspect_WrongSizes_NamesEveryKeyAndEndsWithTwo()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(GoldenFiles.Path("janus/tiny/native")))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        var config = File.ReadAllText(folder.File("config.json"));
        Assert.Contains("\"num_hidden_layers\": 2", config, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), config.Replace("\"intermediate_size\": 128", "\"intermediate_size\": 96", StringComparison.Ordinal));
        var run = CommandLine.Run("inspect", folder.Path, "--json");
        Assert.Equal(Program.UsersMistake, run.ExitCode);
        string?[] problems = [.. run.Json.GetProperty("problems").EnumerateArray().Select(x => x.GetString())];
        Assert.Equal(6, problems.Length); // gate, up and down projection of two layers
        Assert.Contains("model.language_model.layers.0.mlp.down_proj.weight: expected shape [64, 96], found [64, 128]", problems);
    }

    [Fact]
    public void Inspect_NothingThere_IsOneLineAndTwo() => CommandLine.Run("inspect", "no/such").IsMistake("no/such: no such file or folder");

    [Fact]
    public void Inspect_MalformedFiles_EndWithTwoAndADocumentWithTheReason()
    {
        var root = GoldenFiles.Path("formats/safetensors");
        using var cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "cases.json")));
        foreach (var item in cases.RootElement.EnumerateArray().Where(x => x.GetProperty("expected").GetString() == "reject"))
        {
            var file = Path.Combine(root, item.GetProperty("file").GetString()!);
            if (!File.Exists(file))
            {
                continue; // the copied set holds some of the cases
            }

            var watch = Stopwatch.StartNew();
            var run = CommandLine.Run("inspect", file, "--json");
            Assert.True(watch.Elapsed.TotalSeconds < 1, $"{file} took {watch.Elapsed}");
            Assert.Equal((Program.UsersMistake, "checkpoint"), (run.ExitCode, Text(run, "kind")));
            Assert.Equal($"corl: {run.Json.GetProperty("problems")[0].GetString()}", run.Error.TrimEnd());
            Assert.DoesNotContain('\n', run.Error.TrimEnd());
        }
    }

    [Fact]
    public void Inspect_Data_CountsRowsAndNamesBadOnes()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "3", "--out", folder.File("a.parquet")).ExitCode);
        var good = CommandLine.Run("inspect", folder.File("a.parquet"), "--json");
        Assert.Equal((0, "data", 3), (good.ExitCode, Text(good, "kind"), good.Json.GetProperty("rows").GetInt32()));
        Assert.Equal("data", Text(CommandLine.Run("inspect", folder.Path, "--json"), "kind"));
        File.WriteAllText(folder.File("b.jsonl"), "{\"prompt\": \"a star\"}\n{\"prompt\": 7}\n");
        var bad = CommandLine.Run("inspect", folder.File("b.jsonl"), "--json");
        Assert.Equal((Program.UsersMistake, 1), (bad.ExitCode, bad.Json.GetProperty("problems").GetArrayLength()));
    }

    [Fact]
    public void Inspect_Run_ExplainsItAndItsFaults()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "8", "--out", folder.File("data.parquet")).ExitCode);
        string[] command =
        [
            "train", "refined-mcq", "--model", GoldenFiles.Path("janus/tiny/native"), "--data", folder.File("data.parquet"), "--out", folder.File("run"), "-q",
            "--set", "steps=2", "--set", "batch_size=1", "--set", "group_size=2", "--set", "max_completion_length=4", "--set", "eval_steps=2", "--eval-data", folder.File("data.parquet"),
        ];
        Assert.Equal(0, CommandLine.Run(command).ExitCode);
        var good = CommandLine.Run("inspect", folder.File("run"), "--json");
        Assert.Equal((0, "run", 2), (good.ExitCode, Text(good, "kind"), good.Json.GetProperty("steps").GetInt32()));
        var run = good.Json.GetProperty("run");
        Assert.Equal(("grpo", 8, 2), (run.GetProperty("about").GetProperty("kind").GetString(), run.GetProperty("about").GetProperty("rows").GetInt32(), run.GetProperty("best").GetProperty("step").GetInt32()));
        Assert.Contains(run.GetProperty("remarks").EnumerateArray(), remark => remark.GetString()!.Contains("100 % of the last answers were cut off", StringComparison.Ordinal)); // after four tokens

        Directory.Delete(folder.File("run/policy"), recursive: true);
        Directory.CreateDirectory(folder.File("run/faults/step-00000003"));
        var bad = CommandLine.Run("inspect", folder.File("run"));
        Assert.Equal(Program.UsersMistake, bad.ExitCode);
        Assert.Contains($"problem: the run is not finished; its recipe with --resume --out {folder.File("run")} goes on", bad.Output, StringComparison.Ordinal);
        Assert.Contains("problem: step-00000003 had a gradient that is not finite; its batch is in", bad.Output, StringComparison.Ordinal);
        Assert.Contains("refined-mcq (grpo), seed 0, 2 of 2 steps, not finished", bad.Output, StringComparison.Ordinal);
    }

    private static string? Text(CommandLine run, string property) => run.Json.GetProperty(property).GetString();
}
