using System.Diagnostics;
using System.Text.Json;
using Corl.Cli;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Cli;

/// <summary>corl eval over data sets of each benchmark's format, with the tiny Janus and recorded replies of a judge.</summary>
public sealed class UnderstandingTests
{
    private const string Length = "--max-new-tokens";
    private const int Rows = 21; // three problems of WeMath, every kind of row of the others

    public static IEnumerable<TheoryDataRow<string>> Names => KitTask.All.Where(task => task.Name != "mathvision-mini").Select(task => new TheoryDataRow<string>(task.Name)); // the same format as mathvision

    [Theory]
    [MemberData(nameof(Names))]
    public void Eval_Benchmark_AsksScoresExportsAndReadsAgain(string name)
    {
        using var folder = new TemporaryFolder();
        var task = KitTask.All.Single(task => task.Name == name);
        string[] arguments = Arguments(folder, task, "out", "--judge", $"replay:{Replies(folder, task)}");
        var run = CommandLine.Run([.. arguments, "--export", "xlsx", "--json", "-q"]);
        Assert.Equal(0, run.ExitCode);
        Assert.All(run.Error.TrimEnd().Split('\n'), line => Assert.Matches("^corl: (not the official file|21 rows with an image)", line));
        Assert.Equal((name, "vlmevalkit-2025-05", Rows), (Text(run, "benchmark"), Text(run, "profile"), run.Json.GetProperty("items").GetInt32()));
        Assert.InRange(run.Json.GetProperty("overall").GetDouble(), 0, 100);
        Assert.NotEmpty(run.Json.GetProperty("parts").EnumerateObject());
        Assert.InRange(run.Json.GetProperty("outsideModel").GetDouble(), 0, 1);
        Assert.True(run.Json.GetProperty("itemsPerSecond").GetDouble() > 0);
        var verdicts = JsonLines.Read(Text(run, "file")).ToArray();
        Assert.Equal(Enumerable.Range(1, Rows).Select(i => $"{i}"), verdicts.Select(verdict => verdict.GetProperty("id").GetString()));
        Assert.DoesNotContain(verdicts, verdict => string.IsNullOrEmpty(verdict.GetProperty("reason").GetString()));

        var predictions = File.ReadAllBytes(folder.File("out/predictions.jsonl"));
        var again = CommandLine.Run([.. arguments, "--json", "-q"]);
        Assert.Equal(predictions, File.ReadAllBytes(folder.File("out/predictions.jsonl"))); // nothing was asked twice
        Assert.Equal(run.Json.GetProperty("parts").GetRawText(), again.Json.GetProperty("parts").GetRawText());

        var imported = CommandLine.Run([.. Arguments(folder, task, "imported", "--judge", $"replay:{Replies(folder, task)}", "--predictions", folder.File($"out/native_{task.DataSet}.xlsx")), "--json", "-q"]);
        Assert.Equal(run.Json.GetProperty("parts").GetRawText(), imported.Json.GetProperty("parts").GetRawText());
    }

    [Fact]
    public void Eval_Killed_GoesOnWithoutLosingOrRepeating()
    {
        using var folder = new TemporaryFolder();
        var task = KitTask.All.Single(task => task.Name == "mmstar");
        string[] longer = [Length, "100", "--batch", "2", "-q"];
        var whole = CommandLine.Run(Arguments(folder, task, "whole", longer));
        Assert.Equal(0, whole.ExitCode);
        var file = folder.File("out/predictions.jsonl");
        using (var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. Arguments(folder, task, "out", longer)]) { RedirectStandardError = true })!)
        {
            while (!File.Exists(file) || File.ReadLines(file).Count() < 4)
            {
                Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
                Thread.Sleep(5);
            }

            process.Kill();
            process.WaitForExit();
        }

        var written = File.ReadAllLines(file);
        Assert.InRange(written.Length, 4, Rows); // it was killed in the middle
        using (var torn = new FileStream(file, FileMode.Append))
        {
            torn.Write("{\"id\":\"2"u8); // as by a kill in the midst of a line
        }

        var rest = CommandLine.Run(Arguments(folder, task, "out", longer[..^1]));
        Assert.Equal(0, rest.ExitCode);
        Assert.Contains($"mmstar: {Rows - (written.Length - 1)} of {Rows} items to do", rest.Error, StringComparison.Ordinal);
        Assert.Equal(written, File.ReadAllLines(file)[..written.Length]);
        Assert.Equal(Sorted(folder.File("whole/predictions.jsonl")), Sorted(file));
        Assert.Equal(File.ReadAllText(folder.File("whole/results.jsonl")), File.ReadAllText(folder.File("out/results.jsonl")));
    }

    [Fact]
    public void Eval_ShardsAndBatches_GiveTheSamePredictions()
    {
        using var folder = new TemporaryFolder();
        var task = KitTask.All.Single(task => task.Name == "mmmu"); // rows with one and with two images
        Assert.Equal(0, CommandLine.Run([.. Arguments(folder, task, "one"), "--batch", "1", "-q"]).ExitCode);
        for (var shard = 1; shard <= 2; shard++)
        {
            var part = CommandLine.Run([.. Arguments(folder, task, "parts"), "--batch", "5", "--shard", $"{shard}/2", "-q"]);
            Assert.Equal(0, part.ExitCode);
            Assert.Contains("the command without --shard scores", part.Output, StringComparison.Ordinal);
        }

        Assert.Equal(0, CommandLine.Run([.. Arguments(folder, task, "parts"), "-q"]).ExitCode);
        var parts = Enumerable.Range(1, 2).SelectMany(shard => Sorted(folder.File($"parts/predictions-00{shard}-of-002.jsonl"))).Order(StringComparer.Ordinal);
        Assert.Equal(Sorted(folder.File("one/predictions.jsonl")), parts);
        Assert.Equal(File.ReadAllText(folder.File("one/results.jsonl")), File.ReadAllText(folder.File("parts/results.jsonl")));
    }

    [Fact]
    public void EvalAll_Folder_RunsWhatIsThereAndSaysWhatIsNot()
    {
        using var folder = new TemporaryFolder();
        Data(folder, KitTask.All.Single(task => task.Name == "pope"));
        Data(folder, KitTask.All.Single(task => task.Name == "mmvet"));
        var run = CommandLine.Run("eval", "all", "--model", GoldenFiles.Path("janus/tiny/native"), "--data", folder.File("data"), "--out", folder.File("out"), "--limit", "6", "--max-new-tokens", "3", "--json", "-q");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("pope", Assert.Single(run.Json.GetProperty("parts").EnumerateObject()).Name);
        Assert.Equal(6, run.Json.GetProperty("items").GetInt32());
        var missing = run.Json.GetProperty("missing").EnumerateArray().ToDictionary(one => one.GetProperty("benchmark").GetString()!, one => one.GetProperty("reason").GetString());
        Assert.Equal(KitTask.All.Count - 1, missing.Count);
        Assert.Equal("has no rules without a judge (--judge, or --proxy)", missing["mmvet"]);
        Assert.Equal($"MMMU_DEV_VAL.tsv is not in {folder.File("data")}", missing["mmmu"]);
    }

    [Fact]
    public void Eval_OtherSettingsInTheSameFolder_AreRefused()
    {
        using var folder = new TemporaryFolder();
        var task = KitTask.All.Single(task => task.Name == "pope");
        Assert.Equal(0, CommandLine.Run([.. Arguments(folder, task, "out"), "--limit", "2", "-q"]).ExitCode);
        Assert.Equal(0, CommandLine.Run([.. Arguments(folder, task, "out"), "--limit", "4", "-q", "--unwrap", "tags"]).ExitCode); // more of the same answers, scored otherwise
        var run = CommandLine.Run([.. Arguments(folder, task, "out"), "--role-style", "vlmevalkit", "-q"]);
        Assert.Equal(Program.UsersMistake, run.ExitCode);
        Assert.EndsWith("predictions.jsonl: made with another role-style 'januspro', now 'vlmevalkit'; name a new --out, or repeat the earlier settings", run.Error.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mmvet", "", "MM-Vet has no official rules without a judge; name one with --judge, or accept a stand-in of ours, which is not MM-Vet's number, with --proxy")]
    [InlineData("pope", "--shard 3/2", "--shard 3/2: expected a part such as 2/4")]
    [InlineData("pope", "--profile vlmevalkit", "--profile vlmevalkit: expected vlmevalkit-2025-05 or vlmevalkit-head")]
    [InlineData("pope", "--prompt-style raw", "--prompt-style raw: expected kit or cot")]
    [InlineData("pope", "--unwrap boxed", "--unwrap boxed: expected none or tags")]
    [InlineData("pope", "--role-style janus", "--role-style janus: expected januspro or vlmevalkit")]
    [InlineData("pope", "--export csv", "--export csv: expected xlsx or tsv")]
    [InlineData("pope", "--limit 0", "--limit 0: expected a number from 1")]
    [InlineData("pope", "--batch 0", "--batch 0: expected 1 to 1024")]
    [InlineData("pope", "--max-new-tokens 0", "--max-new-tokens 0: expected 1 to 16384")]
    [InlineData("pope", "--predictions nowhere.xlsx", "--predictions nowhere.xlsx: no such file")]
    public void Eval_Mistake_IsOneLineAndTwo(string name, string more, string message)
    {
        using var folder = new TemporaryFolder();
        var run = CommandLine.Run(Arguments(folder, KitTask.All.Single(task => task.Name == name), "out", more.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(Program.UsersMistake, run.ExitCode);
        Assert.Equal($"corl: {message}", run.Error.TrimEnd().Split('\n')[^1]);
    }

    private static string[] Arguments(TemporaryFolder folder, KitTask task, string name, params string[] more) =>
        ["eval", task.Name, "--model", GoldenFiles.Path("janus/tiny/native"), "--data", Data(folder, task), "--out", folder.File(name), .. more.Contains(Length) ? [] : (string[])[Length, "5"], .. more];

    private static string Data(TemporaryFolder folder, KitTask task)
    {
        var path = folder.File($"data/{task.DataSet}.tsv");
        if (!File.Exists(path))
        {
            Assert.Equal(0, CommandLine.Run("data", "benchmark", task.Name, $"{Rows}", "--out", path).ExitCode);
        }

        return path;
    }

    // A judge that finds the right answer in every second reply, whatever was said.
    private static string Replies(TemporaryFolder folder, KitTask task)
    {
        using var data = KitData.Open(task, Data(folder, task));
        var path = folder.File("replies.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, data.Table.Count).SelectMany(row =>
        {
            var text = row % 2 == 0 ? (task.Name == "mmvet" ? "0.5" : data.Table[row, task.Name == "mathvista" && !data.Table[row, "answer_option"].IsMissing ? "answer_option" : "answer"].Text) : "Z";
            return new[] { ("", text), ("/score", "1") }.Select(reply => JsonSerializer.Serialize(new { label = $"{task.Name}/{data.Table[row, "index"].Text}{reply.Item1}", text = reply.Item2 }));
        }));
        return path;
    }

    private static string[] Sorted(string file) => [.. File.ReadLines(file).Skip(1).Order(StringComparer.Ordinal)];

    private static string Text(CommandLine run, string key) => run.Json.GetProperty(key).GetString()!;
}
