using System.Diagnostics;
using Corl.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = Corl.Training.AdamW;

namespace Corl.Tests.Training;

public sealed class RunStateTests : IDisposable
{
    private const string FolderVariable = "CORL_TEST_STATES";
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Restore_AfterSave_ContinuesBitForBit(ScalarType dtype)
    {
        var (whole, interrupted, resumed) = (new Run(dtype), new Run(dtype), new Run(dtype));
        whole.Train(0, 6);
        interrupted.Train(0, 3);
        (new RunState(3, 48, interrupted.Optimizer) with { Best = new BestState(2, double.NegativeInfinity) }).Save(_folder.Path, 2);

        var state = RunState.Latest(_folder.Path)!;
        state.Restore(resumed.Optimizer);
        resumed.Train((int)state.Step, 6);

        Assert.Equal((3, 48, new BestState(2, double.NegativeInfinity)), (state.Step, state.DataPosition, state.Best));
        foreach (var ((name, expected), (_, actual)) in whole.Optimizer.Weights.Zip(resumed.Optimizer.Weights))
        {
            Tensors.Close(expected, actual, 0, what: name);
        }

        Tensors.Close(whole.Parameter, resumed.Parameter, 0);
    }

    [Fact]
    public void Save_MoreThanAreKept_RemovesOldOnesButTheBest()
    {
        var run = new Run(float32);
        for (var step = 1; step <= 6; step++)
        {
            (new RunState(step, 0, run.Optimizer) with { Best = new BestState(3, 0.5) }).Save(_folder.Path, 2);
        }

        Assert.Equal(["step-00000003", "step-00000005", "step-00000006"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(3, RunState.At(_folder.Path, 3).Step);
        Assert.Contains("step-00000005", Assert.Throws<UserException>(() => RunState.At(_folder.Path, 4)).Message);
    }

    [Fact]
    public void Latest_NoState_IsNull() => Assert.Null(RunState.Latest(_folder.File("none")));

    [Fact]
    public void Latest_LeftoversOfAKilledProcess_AreNeitherSeenNorKept()
    {
        new RunState(1, 0, new Run(float32).Optimizer).Save(_folder.Path, 2);
        Directory.CreateDirectory(_folder.File("step-00000002.tmp"));
        File.WriteAllText(_folder.File("step-00000002.tmp/progress.json"), "{");

        Assert.Equal(1, RunState.Latest(_folder.Path)!.Step);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Latest_DamagedProgress_ThrowsWithTheFile()
    {
        new RunState(1, 0, new Run(float32).Optimizer).Save(_folder.Path, 2);
        File.WriteAllText(_folder.File("step-00000001/progress.json"), "{\"Step\":");
        Assert.Contains("progress.json", Assert.Throws<UserException>(() => RunState.Latest(_folder.Path)).Message);
    }

    /// <summary>A process that does nothing but save is killed at random instants; what it leaves is a whole state every time.</summary>
    [Fact]
    public void Save_KilledAtAnyInstant_LeavesAWholeState()
    {
        var random = new CounterRng(1);
        var last = 0L;
        for (var kill = 0; kill < 3; kill++)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(RunStateTests).Assembly.Location, "-method", $"{typeof(RunStateTests).FullName}.{nameof(SaveUntilKilled)}", "-explicit", "only"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment[FolderVariable] = _folder.Path;
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            var waited = Stopwatch.StartNew();
            while (Directory.GetDirectories(_folder.Path, "step-????????").Select(StepOf).DefaultIfEmpty().Max() < last + 3 && waited.Elapsed < TimeSpan.FromSeconds(90) && !process.HasExited)
            {
                Thread.Sleep(5);
            }

            Thread.Sleep(random.Below(40));
            process.Kill();
            process.WaitForExit();

            var run = new Run(float32);
            var state = RunState.Latest(_folder.Path);
            Assert.True(state?.Step >= last + 3, $"after kill {kill} the latest state is of step {state?.Step}, the one before was {last}");
            state!.Restore(run.Optimizer);
            Assert.Equal((float)state.Step, run.Parameter.mean().item<float>());
            last = state.Step;
        }
    }

    [Fact(Explicit = true)] // the process that the test above starts and kills
    public void SaveUntilKilled()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder)
        {
            return;
        }

        var run = new Run(float32);
        for (var step = (RunState.Latest(folder)?.Step ?? 0) + 1; ; step++)
        {
            using var noGrad = no_grad();
            run.Parameter.fill_(step);
            new RunState(step, 0, run.Optimizer).Save(folder, 2);
        }
    }

    private static long StepOf(string folder) => long.Parse(folder[^8..]);

    /// <summary>A run of one parameter whose gradient of each step is a function of the step.</summary>
    private sealed class Run
    {
        public Run(ScalarType dtype)
        {
            Parameter = new Parameter(arange(512, dtype: float32).view(16, 32).div(512).to(dtype));
            Optimizer = new AdamW([("w", Parameter), ("never", new Parameter(ones(3, dtype: dtype)))]) { WeightDecay = 0.1 };
        }

        public Parameter Parameter { get; }

        public AdamW Optimizer { get; }

        public void Train(int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                Parameter.grad = full_like(Parameter, 0.5 - (step % 3)) * Parameter.detach();
                Optimizer.Step(0.01 / (step + 1));
            }
        }
    }
}
