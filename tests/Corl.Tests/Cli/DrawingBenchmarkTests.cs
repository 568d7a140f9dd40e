using System.Diagnostics;
using System.Text.Json;
using Corl.Cli;
using Corl.Imaging;
using Corl.Shapes;
using Corl.Tests.Evaluation.Judges;

namespace Corl.Tests.Cli;

/// <summary>GenEval, WISE and DPG-Bench from the command line, with the tiny model and judges whose replies are known.</summary>
public sealed class DrawingBenchmarkTests
{
    [Fact]
    public void GenEval_ShapesDetector_DrawsTheSameWhateverTheBatchAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        var data = folder.File("prompts.jsonl");
        File.WriteAllLines(data, ShapesObjects.Prompts(1).Select(prompt => prompt.Line));
        string[] Arguments(string name, int batch) => ["eval", "geneval", "--data", data, "--detector", "shapes", "--per-prompt", "2", "--batch", $"{batch}", "--out", folder.File(name), "--json"];
        var whole = Good(Arguments("whole", 4));
        Assert.Equal(("geneval", "geneval", 6), (whole.GetProperty("benchmark").GetString(), whole.GetProperty("profile").GetString(), whole.GetProperty("items").GetInt32()));
        Assert.Equal(("Shapes detector", true), (whole.GetProperty("judge").GetString(), whole.GetProperty("proxy").GetBoolean()));
        Assert.InRange(whole.GetProperty("itemsPerSecond").GetDouble(), 1e-3, 1e6);
        Assert.Equal(File.ReadAllLines(data)[3], File.ReadAllLines(folder.File("whole/images/00003/metadata.jsonl")).Single());

        Good(Arguments("single", 1));
        Assert.Equal(Images(folder.File("whole/images")), Images(folder.File("single/images")));
        Assert.Equal(12, Images(folder.File("whole/images")).Count);

        // As after a kill: three prompts are done, the line of the fourth is cut in two.
        var predictions = folder.File("whole/predictions.jsonl");
        var lines = File.ReadAllLines(predictions);
        File.WriteAllText(predictions, string.Join('\n', lines[..4]) + "\n" + lines[4][..10]);
        var again = CommandLine.Run(Arguments("whole", 4));
        Assert.Contains("geneval: 3 of 6 items to do", again.Error, StringComparison.Ordinal);
        Assert.Equal(lines, File.ReadAllLines(predictions));
        Assert.Equal(whole.GetProperty("parts").GetRawText(), again.Json.GetProperty("parts").GetRawText());

        var found = Good("eval", "geneval", "--images", folder.File("whole/images"), "--detector", "shapes", "--out", folder.File("found"), "--json");
        var imported = Good("eval", "geneval", "--import", folder.File("whole/geneval-results.jsonl"), "--out", folder.File("imported"), "--json");
        Assert.Equal([whole.GetProperty("overall").GetDouble(), whole.GetProperty("overall").GetDouble()], new[] { found, imported }.Select(one => one.GetProperty("overall").GetDouble()));
        CommandLine.Run(Arguments("whole", 4)[..^1].Append("--seed").Append("1").ToArray()).IsMistake($"{predictions}: made with another seed '0', now '1'; name a new --out, or repeat the earlier settings");
    }

    [Fact]
    public void GenEval_RecordedDetections_HaveTheSharesByHand()
    {
        using var folder = new TemporaryFolder();
        var (data, detections, run) = (DrawingData.GenEvalPrompts(folder.File("prompts.jsonl")), DrawingData.Detections(folder.File("detections.jsonl")), folder.File("run"));
        var drawn = Good("eval", "geneval", "--data", data, "--draw-only", "--out", run, "--json");
        Assert.Equal(DrawingData.Prompts, drawn.GetProperty("items").GetInt32());
        Assert.Equal(4 * DrawingData.Prompts, Images(Path.Combine(run, "images")).Count);

        var result = Good("eval", "geneval", "--data", data, "--images", Path.Combine(run, "images"), "--detector", detections, "--out", run, "--json");
        Assert.Equal(0.375, result.GetProperty("overall").GetDouble(), 1e-12);
        Assert.All(result.GetProperty("parts").EnumerateObject().Take(6), task => Assert.Equal(0.375, task.Value.GetProperty("score").GetDouble(), 1e-12));
        Assert.Equal(0.75, result.GetProperty("parts").GetProperty("prompts").GetProperty("score").GetDouble(), 1e-12); // three of four have a correct image
        Assert.Equal(4 * DrawingData.Prompts, File.ReadAllLines(Path.Combine(run, "geneval-results.jsonl")).Length);
        var verdict = JsonElement.Parse(File.ReadAllLines(Path.Combine(run, "results.jsonl"))[1]);
        Assert.Equal((0.25, "00000.png: correct; 00001.png: expected cup>=1, found 0; 00002.png: expected cup>=1, found 0; 00003.png: expected cup>=1, found 0"), (verdict.GetProperty("score").GetDouble(), verdict.GetProperty("reason").GetString()));
    }

    [Fact]
    public void Wise_RecordedReplies_HaveTheMeansByHand()
    {
        using var folder = new TemporaryFolder();
        var (data, replies, run) = (DrawingData.WisePrompts(folder.File("data")), DrawingData.WiseReplies(folder.File("replies.jsonl")), folder.File("run"));
        var result = Good("eval", "wise", "--data", data, "--judge", $"replay:{replies}", "--out", run, "--json");
        CheckWise(result);
        Assert.Equal(DrawingData.Prompts, Images(Path.Combine(run, "images")).Count);
        Assert.Contains("no overall score: 976 of 1000 prompts have no grades", result.GetProperty("notes").EnumerateArray().Select(note => note.GetString()));
        var imported = Good("eval", "wise", "--import", Path.Combine(run, "wise-scores.jsonl"), "--out", folder.File("imported"), "--json");
        Assert.Equal(result.GetProperty("parts").GetRawText(), imported.GetProperty("parts").GetRawText());
        CommandLine.Run("eval", "wise", "--data", data, "--out", folder.File("none")).IsMistake("WISE is defined by its judge, there is no exact mode: name a server or recorded replies with --judge; to draw only, add --draw-only");
    }

    [Fact]
    public void Wise_ServerOfManyFaults_HasTheSameMeans()
    {
        using var folder = new TemporaryFolder();
        var (data, images) = (DrawingData.WisePrompts(folder.File("data")), WiseImages(folder));
        var faults = new[] { Fault.TooManyRetryLater, Fault.Broken, Fault.Dropped, Fault.DroppedInBody, Fault.Garbage, Fault.Truncated };
        using var server = new FakeJudgeServer((i, body) => (i % 12 == 5 ? faults[i / 12 % faults.Length] : Fault.None, WiseReplyTo(body)));
        var result = Good("eval", "wise", "--data", data, "--images", images, "--judge", server.Address, "--judge-price", "2.5/10", "--out", folder.File("run"), "--json");
        CheckWise(result);
        Assert.Contains(result.GetProperty("notes").EnumerateArray(), note => note.GetString()!.StartsWith("judge: 24 replies asked for, 0 known before, 2 tries repeated; 264 tokens read, 168 written, cost 0.0023", StringComparison.Ordinal));
        Assert.Equal(26, server.Requests);
    }

    [Fact]
    public void Wise_KilledWhileJudging_AsksNothingTwice()
    {
        const int AtOnce = 2;
        using var folder = new TemporaryFolder();
        var (data, images) = (DrawingData.WisePrompts(folder.File("data")), WiseImages(folder));
        using var server = new FakeJudgeServer((_, body) => (Fault.Slow, WiseReplyTo(body))) { Delay = TimeSpan.FromMilliseconds(50) };
        string[] arguments = ["eval", "wise", "--data", data, "--images", images, "--judge", server.Address, "--judge-at-once", $"{AtOnce}", "--out", folder.File("run"), "--json"];
        using (var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true })!)
        {
            while (server.Requests < 9)
            {
                Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
                Thread.Sleep(5);
            }

            process.Kill();
            process.WaitForExit();
        }

        Assert.InRange(Directory.GetFiles(folder.File("run/judge"), "*.json", SearchOption.AllDirectories).Length, server.Requests - AtOnce, server.Requests);
        CheckWise(Good(arguments));
        Assert.InRange(server.Requests, DrawingData.Prompts, DrawingData.Prompts + AtOnce); // what was open at the kill is asked again, and nothing else
        CheckWise(Good(["eval", "wise", "--data", data, "--images", images, "--judge", $"replay:{folder.File("run/judge")}", "--out", folder.File("replayed"), "--json"]));
    }

    [Fact]
    public void Dpg_RecordedAnswers_HaveTheScoreByHand()
    {
        using var folder = new TemporaryFolder();
        var (data, answers, run) = (DrawingData.Dpg(folder.File("dpg_bench.csv")), DrawingData.DpgAnswers(folder.File("answers.jsonl")), folder.File("run"));
        var result = Good("eval", "dpg", "--data", data, "--judge", $"replay:{answers}", "--judge-model", "mplug", "--out", run, "--json");
        Assert.Equal(("official", 62.5, false), (result.GetProperty("profile").GetString(), result.GetProperty("overall").GetDouble(), result.GetProperty("proxy").GetBoolean()));
        var parts = result.GetProperty("parts");
        Assert.Equal([100.0, 100.0, 50.0], new[] { "entity", "attribute", "relation" }.Select(name => parts.GetProperty(name).GetProperty("score").GetDouble())); // the last cell alone
        var image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(run, "images", "item0.png")), "item0.png");
        Assert.Equal((2 * World.Size, 2 * World.Size), (image.Width, image.Height));
        Assert.StartsWith("item0.png, 0.0, 1.0, 1.0, 1.0, 0.75\n", File.ReadAllText(Path.Combine(run, "dpg-results.txt")), StringComparison.Ordinal);

        CommandLine.Run("eval", "dpg", "--data", data, "--profile", "fixed", "--images", Path.Combine(run, "images"), "--judge", $"replay:{answers}", "--out", folder.File("x"))
            .IsMistake("name the model that answers with --judge-model: mplug for recorded answers of the official one, else its own name");
        var other = Good("eval", "dpg", "--data", data, "--profile", "fixed", "--images", Path.Combine(run, "images"), "--judge", $"replay:{answers}", "--judge-model", "some-vlm", "--out", folder.File("fixed"), "--json");
        Assert.Equal((62.5, true), (other.GetProperty("overall").GetDouble(), other.GetProperty("proxy").GetBoolean()));
        Assert.Equal([75.0, 75.0, 37.5], new[] { "entity", "attribute", "relation" }.Select(name => other.GetProperty("parts").GetProperty(name).GetProperty("score").GetDouble())); // all cells
    }

    private static JsonElement Good(params string[] arguments)
    {
        var run = CommandLine.Run(arguments);
        Assert.True(run.ExitCode == Program.Done, run.Error);
        return run.Json;
    }

    private static void CheckWise(JsonElement result)
    {
        var parts = result.GetProperty("parts");
        Assert.Equal(JsonValueKind.Undefined, result.TryGetProperty("overall", out var overall) ? overall.ValueKind : JsonValueKind.Undefined);
        Assert.Equal(6, parts.EnumerateObject().Count());
        Assert.All(parts.EnumerateObject(), part => Assert.Equal(DrawingData.WiseMean(part.Name), part.Value.GetProperty("wiscore").GetDouble(), 1e-12));
        Assert.Equal(DrawingData.Prompts, result.GetProperty("items").GetInt32());
    }

    private static SortedDictionary<string, string> Images(string folder) =>
        new(Directory.GetFiles(folder, "*.png", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), file => Convert.ToHexString(File.ReadAllBytes(file))));

    private static string WiseImages(TemporaryFolder folder)
    {
        var images = Directory.CreateDirectory(folder.File("images")).FullName;
        foreach (var (id, _, _, _) in DrawingData.Wise)
        {
            File.WriteAllBytes(Path.Combine(images, $"{id}.png"), ImageCodec.EncodePng(new RgbImage(1, 1, [(byte)(id % 256), (byte)(id / 256), 0])));
        }

        return images;
    }

    // The fake judge finds the prompt's number in what it is asked.
    private static string WiseReplyTo(System.Text.Json.Nodes.JsonNode body)
    {
        var text = (string)body["messages"]![1]!["content"]![0]!["text"]!;
        return DrawingData.WiseReply(int.Parse(text.Split("PROMPT: \"prompt ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }
}
