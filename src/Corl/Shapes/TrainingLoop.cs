using System.Diagnostics;
using System.Globalization;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>
/// Runs training phases: AdamW, gradients clipped to norm 1. A phase keeps its state under its name in the folder of the training and goes
/// on from there, bit for bit, after an interruption; a finished one is only read back.
/// </summary>
/// <param name="directory">Where the phases' states are.</param>
/// <param name="progress">Told a line every so many steps.</param>
/// <param name="interrupt">Stops after the current step, with its state saved.</param>
internal sealed class TrainingLoop(string directory, Action<string> progress, CancellationToken interrupt)
{
    private const double MaxGradNorm = 1.0;
    private const int ProgressEvery = 50; // steps
    private const int SaveEvery = 200; // steps; at most two minutes are lost to a kill

    /// <summary>Runs what is left of a phase.</summary>
    /// <exception cref="OperationCanceledException">Interrupted.</exception>
    public void Run(TrainingPhase phase)
    {
        using var optimizer = new AdamW(phase.Parameters, phase.Decays) { Beta1 = phase.Betas.First, Beta2 = phase.Betas.Second, WeightDecay = phase.WeightDecay };
        var states = Path.Combine(directory, phase.Name);
        var steps = phase.Schedule.Steps;
        var start = Resumed(states, optimizer);
        Thaw(phase, true);
        var clock = Stopwatch.StartNew();
        for (var step = start; step < steps; step++)
        {
            SafeCollection.Here();
            var loss = Update(phase, optimizer, step);
            if (step % ProgressEvery == 0 || step == steps - 1)
            {
                progress(string.Create(CultureInfo.InvariantCulture, $"{phase.Name} {step + 1}/{steps} loss {loss:F4}, {clock.Elapsed.TotalSeconds / (step + 1 - start):F2} s per step"));
            }

            if ((step + 1) % SaveEvery == 0 || step == steps - 1 || interrupt.IsCancellationRequested)
            {
                new RunState(step + 1, 0, optimizer).Save(states, kept: 1);
                interrupt.ThrowIfCancellationRequested();
            }
        }

        Thaw(phase, false);
    }

    private static int Resumed(string states, AdamW optimizer)
    {
        Directory.CreateDirectory(states);
        if (RunState.Latest(states) is not { } state)
        {
            return 0;
        }

        state.Restore(optimizer);
        return (int)state.Step;
    }

    private static double Update(TrainingPhase phase, AdamW optimizer, int step)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGrad();
        var loss = phase.Backward(step);
        if (GradientClipping.Clip(optimizer.Parameters, MaxGradNorm).IsFinite) // one bad gradient would stay in the moments for good
        {
            optimizer.Step(phase.Schedule.At(step));
        }

        return loss;
    }

    private static void Thaw(TrainingPhase phase, bool learns)
    {
        foreach (var (_, parameter) in phase.Parameters)
        {
            parameter.requires_grad = learns;
            parameter.grad = null;
        }
    }
}
