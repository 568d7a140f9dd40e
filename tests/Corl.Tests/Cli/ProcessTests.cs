using System.Diagnostics;
using Corl.Cli;
using Corl.Reports;

namespace Corl.Tests.Cli;

/// <summary>What only a process of its own can show: signals, kills at any instant, a full disk.</summary>
public sealed class ProcessTests
{
    private static readonly string[] Settings =
    [
        "--set", "steps=10", "--set", "batch_size=2", "--set", "group_size=2", "--set", "max_completion_length=6", "--set", "checkpoint_steps=1", "--set", "beta=0.02", "--quiet",
    ];

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public void Train_ControlC_SavesAndEndsWith130(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        Assert.SkipWhen(signal == "-INT" && IgnoresInterrupts(), "a shell that starts a program in the background makes it deaf to Ctrl-C");
        using var folder = new TemporaryFolder();
        using var process = Start(folder, "run", "--set", "steps=100000");
        WaitFor(process, () => RunLog.ReadMetrics(folder.File("run")).Count > 1);
        Signal(process, signal);
        var hasEnded = process.WaitForExit(60_000);
        process.Kill(); // nothing writes to the folder any more, whatever the outcome
        process.WaitForExit();
        Assert.True(hasEnded);
        var error = process.StandardError.ReadToEnd().TrimEnd().Split('\n');
        Assert.Equal((Program.Interrupted, "corl: interrupted"), (process.ExitCode, error[^1]));
        Assert.Matches("^corl: stopped after step [0-9]+; the same command with --resume goes on$", error[^2]);
    }

    [Fact]
    public void Train_KilledTwentyTimes_EqualsTheUninterruptedRun()
    {
        const int Kills = 20;
        using var folder = new TemporaryFolder();
        var watch = Stopwatch.StartNew();
        using (var whole = Start(folder, "whole"))
        {
            whole.WaitForExit();
            Assert.Equal(0, whole.ExitCode);
        }

        var length = watch.Elapsed.TotalMilliseconds;
        var random = new CounterRng(0);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = Start(folder, "parts", "--resume");
            process.WaitForExit((int)random.Uniform(0, length)); // the start of the program takes a part of it
            process.Kill();
            process.WaitForExit();
        }

        using (var last = Start(folder, "parts", "--resume"))
        {
            last.WaitForExit();
            Assert.Equal(0, last.ExitCode);
        }

        Assert.Equal(File.ReadAllBytes(folder.File("whole/policy/model.safetensors")), File.ReadAllBytes(folder.File("parts/policy/model.safetensors")));
        Assert.Equal(TrainTests.Untimed(folder.File("whole")), TrainTests.Untimed(folder.File("parts")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("parts"), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void Write_DiskFull_IsOneLineAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        var disk = Directory.CreateDirectory(folder.File("disk")).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Execute("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0, "a small disk can be mounted by root only");
        try
        {
            var file = Path.Combine(disk, "shapes.parquet");
            var run = CommandLine.Run("data", "shapes", "1000", "--out", file);
            Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
            Assert.StartsWith($"corl: {file}: could not be written (", Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(disk));

            var train = CommandLine.Run(Arguments(folder, "disk/run"));
            Assert.Equal((Program.UsersMistake, ""), (train.ExitCode, train.Output));
            Assert.Contains(disk, Assert.Single(train.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
        finally
        {
            Execute("umount", disk);
        }
    }

    private static string[] Arguments(TemporaryFolder folder, string name, params string[] more)
    {
        var data = folder.File("data.parquet");
        if (!File.Exists(data))
        {
            Assert.Equal(0, CommandLine.Run("data", "shapes", "24", "--out", data).ExitCode);
        }

        return ["train", "refined-oe", "--model", GoldenFiles.Path("janus/tiny/native"), "--data", data, "--out", folder.File(name), .. Settings, .. more];
    }

    private static Process Start(TemporaryFolder folder, string name, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. Arguments(folder, name, more)])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    // What a process ignores its children ignore too.
    private static bool IgnoresInterrupts()
    {
        const string Mask = "SigIgn:";
        const int Interrupt = 1 << (2 - 1); // SIGINT is signal 2, the first has bit 0
        var line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Mask, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToInt64(line[Mask.Length..].Trim(), 16) & Interrupt) != 0;
    }

    private static void WaitFor(Process process, Func<bool> condition)
    {
        while (!condition())
        {
            Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
            Thread.Sleep(10);
        }
    }

    private static void Signal(Process process, string signal) => Assert.Equal(0, Execute("kill", signal, $"{process.Id}"));

    private static int Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
