using Corl.Shapes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Tests.Shapes;

public sealed class TrainingLoopTests : IDisposable
{
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("corl-training-");

    public void Dispose()
    {
        SafeCollection.Release();
        _work.Delete(recursive: true);
    }

    [Fact]
    public void Run_InterruptedAndResumed_GivesTheSameBits()
    {
        using var whole = Toy();
        new TrainingLoop(Path.Combine(_work.FullName, "whole"), _ => { }, TestContext.Current.CancellationToken).Run(Phase(whole, _ => { }));

        using var interrupt = new CancellationTokenSource();
        using var first = Toy();
        var states = Path.Combine(_work.FullName, "parts");
        Assert.Throws<OperationCanceledException>(() => new TrainingLoop(states, _ => { }, interrupt.Token).Run(Phase(first, step =>
        {
            if (step == 3)
            {
                interrupt.Cancel();
            }
        })));
        using var second = Toy();
        List<int> steps = [];
        new TrainingLoop(states, _ => { }, TestContext.Current.CancellationToken).Run(Phase(second, steps.Add));
        Assert.Equal(Enumerable.Range(4, 6), steps);
        Assert.Equal(whole.data<float>().ToArray(), second.data<float>().ToArray());
    }

    [Fact]
    public void Run_FinishedPhase_IsReadBack()
    {
        using var trained = Toy();
        new TrainingLoop(_work.FullName, _ => { }, TestContext.Current.CancellationToken).Run(Phase(trained, _ => { }));
        using var fresh = Toy();
        new TrainingLoop(_work.FullName, _ => { }, TestContext.Current.CancellationToken).Run(Phase(fresh, step => Assert.Fail($"step {step} ran again")));
        Assert.Equal(trained.data<float>().ToArray(), fresh.data<float>().ToArray());
    }

    [Fact]
    public void Run_GradientThatIsNoNumber_IsSkipped()
    {
        using var parameter = Toy();
        new TrainingLoop(_work.FullName, _ => { }, TestContext.Current.CancellationToken).Run(new TrainingPhase("nan", Schedule, [("p", parameter)], step =>
        {
            using var scope = NewDisposeScope();
            (step == 2 ? parameter.sum() * double.NaN : parameter.square().sum()).backward();
            return 0;
        }));
        Assert.True(parameter.isfinite().all().item<bool>());
    }

    [Fact]
    public void CosineSchedule_AnyStep_RisesThenFallsToTheFloor()
    {
        var schedule = new CosineSchedule(2, Steps: 1000, WarmUp: 10, Floor: 0.1);
        Assert.Equal(0.2, schedule.At(0), 1e-6);
        Assert.Equal(1.1, schedule.At(500), 1e-12); // half way down from 1 to 0.1 of the peak
        Assert.Equal(0.2, schedule.At(1000), 1e-12);
        Assert.All(Enumerable.Range(10, 980), step => Assert.True(schedule.At(step + 1) < schedule.At(step)));
    }

    [Fact]
    public void SafeCollection_AfterACallHere_NothingIsCollected()
    {
        SafeCollection.Here();
        var before = GC.CollectionCount(0);
        for (var i = 0; i < 500; i++)
        {
            GC.KeepAlive(new byte[100_000]); // 50 MB in all, many times what triggers a collection otherwise
        }

        Assert.Equal(before, GC.CollectionCount(0));
        SafeCollection.Release();
    }

    private static CosineSchedule Schedule => new(0.1, Steps: 10, WarmUp: 2, Floor: 0.1);

    private static Parameter Toy() => new(arange(6, dtype: ScalarType.Float32).view(2, 3) - 2);

    private static TrainingPhase Phase(Parameter parameter, Action<int> seen) => new("toy", Schedule, [("p", parameter)], step =>
    {
        seen(step);
        using var scope = NewDisposeScope();
        var loss = (parameter * (step + 1)).square().sum();
        loss.backward();
        return loss.item<float>();
    });
}
