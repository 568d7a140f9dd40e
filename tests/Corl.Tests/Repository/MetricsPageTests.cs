using System.Text.RegularExpressions;
using Corl.Reports;
using Corl.Tests.Cli;

namespace Corl.Tests.Repository;

/// <summary>docs/metrics.md defines every number that a run logs.</summary>
public sealed partial class MetricsPageTests
{
    [Theory]
    [InlineData("refined-mcq", "beta=0.02")]
    [InlineData("refined-oe", "updates_per_batch=2")]
    [InlineData("refined-mcq", "loss.clip=0.2")]
    public void Page_DefinesEveryLoggedName(string recipe, string set)
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "8", "--out", folder.File("data.parquet")).ExitCode);
        var run = CommandLine.Run(
            "train", recipe, "--model", GoldenFiles.Path("janus/tiny/native"), "--data", folder.File("data.parquet"), "--out", folder.File("run"), "-q",
            "--set", "steps=1", "--set", "batch_size=1", "--set", "group_size=2", "--set", "max_completion_length=4", "--set", set);
        Assert.Equal(0, run.ExitCode);
        var page = File.ReadAllText(Path.Combine(Source.Root, "docs/metrics.md"));
        string[] defined = [.. Code().Matches(page).Select(match => match.Groups["name"].Value)];
        var logged = Assert.Single(RunLog.ReadMetrics(folder.File("run"))).Values.Keys.Select(name => Reward().Replace(name, "rewards/NAME/"));
        Assert.Empty(logged.Except(defined));
    }

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("^rewards/.+/")]
    private static partial Regex Reward();
}
