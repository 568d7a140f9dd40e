namespace Corl.Tests.Cli;

/// <summary><c>--plan</c> and the refusal of runs that do not fit.</summary>
public sealed class PlanTests
{
    private static readonly string Model = GoldenFiles.Path("janus/tiny/native");

    [Fact]
    public void Plan_OfTheTinyModel_NamesEveryPhaseAndLoadsNoData()
    {
        var run = CommandLine.Run("train", "refined-t2i", "--model", Model, "--data", "nowhere.parquet", "--plan", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            ["load", "rollout_image", "reward", "reference", "backward", "optimizer"],
            run.Json.GetProperty("phases").EnumerateArray().Select(p => p.GetProperty("phase").GetString()));
        Assert.All(run.Json.GetProperty("phases").EnumerateArray(), p => Assert.True(p.GetProperty("bytes").GetDouble() > 0 && p.GetProperty("seconds").GetDouble() > 0));
        Assert.True(run.Json.GetProperty("fits").GetBoolean());
        Assert.Contains("peak ", CommandLine.Run("train", "unified", "--model", Model, "--plan", "--card", "h100").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ThatCannotFit_IsRefusedWithSettingsThatDo()
    {
        using var folder = new TemporaryFolder();
        string[] line = ["train", "unified", "--model", Model, "--out", folder.File("run"), "--memory", "1GB", "--set", "group_size=8", "--set", "batch_size=64"];
        var run = CommandLine.Run(line);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("corl: the run needs ", run.Error, StringComparison.Ordinal);
        Assert.Contains("on cpu, which has 1.00 GB; this fits: --set ", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
        var changes = run.Error.Split("this fits: ")[1].Trim().Split(' ');
        Assert.Equal(0, CommandLine.Run([.. line, "--plan", .. changes]).ExitCode);
        CommandLine.Run("train", "unified", "--model", Model, "--memory", "many").IsMistake("--memory many: expected a number of GB or GiB, for example 80GB");
    }
}
