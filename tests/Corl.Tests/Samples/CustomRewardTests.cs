using System.Diagnostics;
using Corl.Tests.Repository;

namespace Corl.Tests.Samples;

public sealed class CustomRewardTests
{
    [Fact]
    public async Task CustomReward_Run_PrintsItsScores()
    {
        var start = new ProcessStartInfo("dotnet", ["run", "samples/CustomReward.cs"]) { WorkingDirectory = Source.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output + await error);
        Assert.EndsWith(Expected, (await output).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    // The answers have 10 and 22 words where 11 are allowed, and both keep the format: totals 1 + 0.5 · 1 and 1 + 0.5 · 11 / 22.
    private const string Expected = "format\tconcise\ttotal\n1.000\t1.000\t1.500\n1.000\t0.500\t1.250\n";
}
