using Corl.Cli;
using Corl.Reports;

namespace Corl.Tests.Cli;

public sealed class TrainTests
{
    private static readonly string Model = GoldenFiles.Path("janus/tiny/native");
    private static readonly string[] Small = ["--set", "steps=4", "--set", "batch_size=2", "--set", "group_size=2", "--set", "max_completion_length=6", "--set", "checkpoint_steps=1", "--quiet"];

    [Theory]
    [InlineData("unified", "native")]
    [InlineData("refined-t2i", "original")]
    [InlineData("refined-mcq", "native")]
    [InlineData("refined-oe", "original")]
    public void Train_EveryRecipe_GivesAModelThatAnswersAndDraws(string recipe, string layout)
    {
        using var folder = new TemporaryFolder();
        var data = folder.File("data.parquet");
        Assert.Equal(0, CommandLine.Run("data", "shapes", "24", "--out", data).ExitCode);
        var run = CommandLine.Run(["train", recipe, "--model", GoldenFiles.Path($"janus/tiny/{layout}"), "--data", data, "--out", folder.File("run"), "--json", .. Small]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(4, run.Json.GetProperty("steps").GetInt32());
        Assert.Equal(run.Output, File.ReadAllText(folder.File("run/summary.json")));
        Assert.Equal([1, 2, 3, 4], RunLog.ReadMetrics(folder.File("run")).Select(row => row.Step));
        var drawn = CommandLine.Run("generate", "--model", folder.File("run/policy"), "a star", "-n", "1", "--out", folder.File("images"), "-q");
        Assert.Equal((0, ""), (drawn.ExitCode, drawn.Error));
        var answered = CommandLine.Run("ask", "--model", folder.File("run/policy"), folder.File("images/image-0.png"), "What?", "--max-tokens", "4");
        Assert.Equal((0, ""), (answered.ExitCode, answered.Error));
        Assert.Equal("model", CommandLine.Run("inspect", folder.File("run/policy"), "--json").Json.GetProperty("kind").GetString());
    }

    [Fact]
    public void Train_InterruptedAndResumed_EqualsTheUninterruptedRun()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Run(folder, "whole").ExitCode);
        using var interrupt = new CancellationTokenSource();
        using var watcher = new Timer(_ =>
        {
            if (Directory.Exists(folder.File("parts/checkpoints/step-00000002")))
            {
                interrupt.Cancel();
            }
        }, null, 0, 1);
        var first = CommandLine.RunUntil(interrupt.Token, Arguments(folder, "parts"));
        Assert.Equal(Program.Interrupted, first.ExitCode);
        Assert.EndsWith($"the same command with --resume goes on{Environment.NewLine}corl: interrupted{Environment.NewLine}", first.Error, StringComparison.Ordinal);
        watcher.Change(Timeout.Infinite, Timeout.Infinite);
        Assert.Equal(0, Run(folder, "parts", "--resume").ExitCode);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/policy/model.safetensors")), File.ReadAllBytes(folder.File("parts/policy/model.safetensors")));
        Assert.Equal(Untimed(folder.File("whole")), Untimed(folder.File("parts")));
    }

    [Fact]
    public void Train_FolderInUse_IsRefusedUnlessItIsTheSameRun()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Run(folder, "run").ExitCode);
        Run(folder, "run").IsMistake($"--out {folder.File("run")}: the folder is not empty; name a new folder, or go on with the run in it with --resume");
        Run(folder, "run", "--resume", "--set", "beta=0.5")
            .IsMistake($"{folder.File("run")}: the run was made with other settings, now 'beta: 0.5'; a resumed run must be the same run; name a new --out to start another");
        Assert.Equal(0, Run(folder, "run", "--resume").ExitCode); // nothing is left to do
    }

    [Fact]
    public void Sft_OnDataWithHeldOutRows_KeepsTheBestPolicyAndResumes()
    {
        using var folder = new TemporaryFolder();
        var (data, heldOut) = (folder.File("data.parquet"), folder.File("held-out.parquet"));
        Assert.Equal(0, CommandLine.Run("data", "shapes", "24", "--out", data).ExitCode);
        Assert.Equal(0, CommandLine.Run("data", "shapes", "6", "--seed", "1", "--out", heldOut).ExitCode);
        string[] Command(string name, params string[] more) =>
        [
            "sft", "cold-sft", "--model", Model, "--data", data, "--data", heldOut, "--out", folder.File(name), "--set", "steps=4", "--set", "batch_size=2", "--set", "eval_steps=2",
            "--set", "max_completion_length=200", "--set", "learning_rate=0.001", "--set", "warmup_steps=0", "--set", "checkpoint_steps=1", "--quiet", .. more,
        ];
        CommandLine.Run(Command("run")).IsMistake("eval_steps is 2, but there is nothing to evaluate on; name held-out rows with --eval-data, or set eval_steps=0");
        Assert.Equal(0, CommandLine.Run(Command("run", "--eval-data", heldOut)).ExitCode);
        var rows = RunLog.ReadMetrics(folder.File("run"));
        Assert.Equal([2, 4], rows.Where(row => row.Values.ContainsKey("eval_loss")).Select(row => row.Step));
        Assert.True(rows[3].Values["eval_loss"] < rows[1].Values["eval_loss"]);
        Assert.Equal(File.ReadAllBytes(folder.File("run/policy/model.safetensors")), File.ReadAllBytes(folder.File("run/best/model.safetensors")));
        Assert.False(Directory.Exists(folder.File("run/completions"))); // the data's own answers are no news

        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        Assert.Equal(Program.Interrupted, CommandLine.RunUntil(interrupt.Token, Command("parts", "--eval-data", heldOut)).ExitCode);
        CommandLine.Run(Command("parts", "--eval-data", data, "--resume")).IsMistake($"{folder.File("parts")}: the run was evaluated on other rows; a resumed run must be the same run; name a new --out to start another");
        Assert.Equal(0, CommandLine.Run(Command("parts", "--eval-data", heldOut, "--resume")).ExitCode);
        Assert.Equal(Untimed(folder.File("run")), Untimed(folder.File("parts")));
    }

    [Fact]
    public void Train_ShapesWorldWithEvaluations_LogsTheSmallShapesEval()
    {
        using var folder = new TemporaryFolder();
        string[] settings = ["steps=2", "batch_size=2", "micro_batch_size=0", "group_size=2", "eval_steps=1", "eval_rows=24"];
        Assert.Equal(0, CommandLine.Run(["train", "shapes/unified", "--out", folder.Path, "--no-eval", "-q", .. settings.SelectMany(set => new[] { "--set", set })]).ExitCode);
        foreach (var values in RunLog.ReadMetrics(folder.Path).Select(row => row.Values))
        {
            Close.To((values["eval_strict"] + ((values["eval_mcq_tagged"] + values["eval_open_ended_tagged"]) / 2)) / 2, values["eval_score"], 1e-12);
            Assert.Equal(0, values["eval_strict"] * 24 % 1, 1e-9); // of 24 images
            Assert.Equal(0, values["eval_mcq_tagged"] * 12 % 1, 1e-9);
        }

        Assert.True(Directory.Exists(folder.File("best")));
    }

    // Everything but the times of day and how long things took.
    internal static IEnumerable<string> Untimed(string folder) =>
        RunLog.ReadMetrics(folder).Select(row => $"{row.Step}: {string.Join(", ", row.Values.Where(x => !x.Key.Contains("time", StringComparison.Ordinal)).Select(x => $"{x.Key} {x.Value:R}"))}");

    private static CommandLine Run(TemporaryFolder folder, string name, params string[] more) => CommandLine.Run(Arguments(folder, name, more));

    private static string[] Arguments(TemporaryFolder folder, string name, params string[] more)
    {
        var data = folder.File("data.parquet");
        if (!File.Exists(data))
        {
            Assert.Equal(0, CommandLine.Run("data", "shapes", "24", "--out", data).ExitCode);
        }

        return ["train", "refined-oe", "--model", Model, "--data", data, "--out", folder.File(name), .. Small, .. more];
    }
}
