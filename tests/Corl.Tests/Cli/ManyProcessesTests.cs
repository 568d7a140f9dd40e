using System.Diagnostics;
using Corl.Checkpoints;
using Corl.Cli;
using Corl.Reports;
using Corl.Tests.Reports;
using static TorchSharp.torch;

namespace Corl.Tests.Cli;

/// <summary>Training under mpirun, with both kinds of MPI.</summary>
public sealed class ManyProcessesTests
{
    private const int Patience = 300_000; // milliseconds; a few seconds on an idle machine
    private static readonly string[] Settings = ["--set", "group_size=2", "--set", "max_completion_length=6", "--set", "checkpoint_steps=1", "--quiet"];

    [Fact]
    public void Train_FourProcessesWithThreePrompts_EqualsOne()
    {
        using var folder = new TemporaryFolder();
        string[] settings = [.. Settings, "--set", "steps=1", "--set", "batch_size=3"]; // one of the four has no prompt
        Assert.Equal(0, CommandLine.Run(Arguments(folder, "unified", "one", settings)).ExitCode);
        using var many = Start("openmpi", 4, Arguments(folder, "unified", "four", settings));
        Assert.True(Ended(many) == 0, many.Errors);

        // Sums of float32 in another order: a few units of 2⁻²⁴ of the largest part.
        Assert.InRange(Distance(folder, "one", "four", "step-00000001/optimizer.safetensors"), 0, 2e-6); // moments: (1 − β) g and (1 − β) g²
        Assert.InRange(Distance(folder, "one", "four", "step-00000001/weights.safetensors"), 0, 1e-8);   // an update is 10⁻⁴ of a weight
        var (one, four) = (Metrics(folder, "one"), Metrics(folder, "four"));
        Assert.Equal(one.Keys.Order(), four.Keys.Order());
        Assert.All(one, metric => Assert.Equal(metric.Value, four[metric.Key], 1e-5 * Math.Max(1, Math.Abs(metric.Value))));
        var (first, other) = (Rewards(folder, "one"), Rewards(folder, "four"));
        Assert.Equal(6, other.Length); // all candidates are logged, 3 · G, in their order
        Assert.All(first.Zip(other), pair => Assert.Equal(pair.First!.Value, pair.Second!.Value, 1e-5));
    }

    [Fact]
    public void Train_KilledProcess_EndsTheOthersAndTheRunGoesOnWithAnotherNumber()
    {
        using var folder = new TemporaryFolder();
        string[] settings = [.. Settings, "--set", "steps=5", "--set", "batch_size=2", "--set", "beta=0"];
        Assert.Equal(0, CommandLine.Run(Arguments(folder, "refined-t2i", "one", settings)).ExitCode);
        using var two = Start("mpich", 2, Arguments(folder, "refined-t2i", "two", settings));
        var watch = Stopwatch.StartNew();
        while (!Directory.Exists(folder.File("two/checkpoints/step-00000001")))
        {
            Assert.True(watch.ElapsedMilliseconds < Patience && !two.Process.HasExited, two.Errors);
            Thread.Sleep(5);
        }

        using (var second = Process.GetProcessById(SecondOf(folder.File("two"))))
        {
            second.Kill();
        }

        watch.Restart();
        Assert.NotEqual(0, Ended(two));
        Assert.True(watch.Elapsed.TotalSeconds < 30, $"the other process lived on for {watch.Elapsed.TotalSeconds} s");
        var resumed = CommandLine.Run([.. Arguments(folder, "refined-t2i", "two", settings), "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.InRange(Distance(folder, "one", "two", "step-00000005/weights.safetensors"), 0, 1e-7);
        Assert.Equal([1, 2, 3, 4, 5], RunLog.ReadMetrics(folder.File("two")).Select(row => row.Step));
    }

    private static string[] Arguments(TemporaryFolder folder, string recipe, string name, string[] settings)
    {
        var data = folder.File("data.parquet");
        if (!File.Exists(data))
        {
            Assert.Equal(0, CommandLine.Run("data", "shapes", "24", "--out", data).ExitCode);
        }

        return ["train", recipe, "--model", GoldenFiles.Path("janus/tiny/native"), "--data", data, "--out", folder.File(name), .. settings];
    }

    private static Run Start(string kind, int processes, string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mpirun is looked for on Linux");
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, $"mpirun.{kind}")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null && Environment.GetEnvironmentVariable("CORL_MPI_REQUIRED") is null, $"there is no mpirun.{kind}; Debian's packages openmpi-bin and mpich have one each");
        Assert.True(program is not null, $"there is no mpirun.{kind}, which .ci/run installs");
        var start = new ProcessStartInfo(program, ["-np", $"{processes}", "dotnet", typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in new[] { ("OMP_NUM_THREADS", "1"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("OMPI_MCA_rmaps_base_oversubscribe", "1"), ("OMPI_MCA_mpi_yield_when_idle", "1") })
        {
            start.Environment[name] = value; // more processes than cores, as root in a container
        }

        return new Run(Process.Start(start)!);
    }

    private static int Ended(Run run)
    {
        if (!run.Process.WaitForExit(Patience))
        {
            run.Process.Kill(entireProcessTree: true);
            Assert.Fail($"not ended after {Patience / 1000} s: {run.Errors}");
        }

        return run.Process.ExitCode;
    }

    // The process of rank 1 that works in a folder.
    private static int SecondOf(string folder) => Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)).Single(path =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, "cmdline")).Contains(folder, StringComparison.Ordinal) && File.ReadAllText(Path.Combine(path, "environ")).Split('\0').Contains("PMI_RANK=1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended meanwhile
        }
    }) is var found ? int.Parse(Path.GetFileName(found)) : 0;

    // ‖a − b‖ / ‖a‖ over all tensors of a file of two runs.
    private static double Distance(TemporaryFolder folder, string first, string second, string file)
    {
        using var scope = NewDisposeScope();
        using var a = CheckpointReader.Open(folder.File($"{first}/checkpoints/{file}"));
        using var b = CheckpointReader.Open(folder.File($"{second}/checkpoints/{file}"));
        Assert.Equal(a.Tensors.Keys.Order(), b.Tensors.Keys.Order());
        double Square(Tensor x) => x.to(ScalarType.Float64).square().sum().item<double>();
        return Math.Sqrt(a.Tensors.Keys.Sum(name => Square(a.Read(name).to(ScalarType.Float64) - b.Read(name))) / a.Tensors.Keys.Sum(name => Square(a.Read(name))));
    }

    private static Dictionary<string, double> Metrics(TemporaryFolder folder, string run) =>
        Assert.Single(RunLog.ReadMetrics(folder.File(run))).Values.Where(metric => !metric.Key.Contains("time", StringComparison.Ordinal)).ToDictionary();

    private static double?[] Rewards(TemporaryFolder folder, string run) => ParquetProbe.Numbers(Assert.Single(Directory.GetFiles(folder.File($"{run}/completions"), "*.parquet")), "cycle");

    private sealed class Run : IDisposable
    {
        private readonly System.Text.StringBuilder _errors = new();

        public Run(Process process)
        {
            Process = process;
            process.ErrorDataReceived += (_, line) =>
            {
                lock (_errors)
                {
                    _errors.AppendLine(line.Data);
                }
            };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
        }

        public Process Process { get; }

        public string Errors
        {
            get
            {
                lock (_errors)
                {
                    return _errors.ToString().Trim();
                }
            }
        }

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill(entireProcessTree: true);
            }

            Process.Dispose();
        }
    }
}
