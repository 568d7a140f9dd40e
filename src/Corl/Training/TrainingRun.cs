using Corl.Data;
using Corl.Distributed;
using Corl.Reports;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>
/// A trainer with its folder: updates, the log, evaluations, checkpoints. Stopped or killed at any instant and started again with the same
/// settings, it ends with the same weights, metrics and completions as if it had not been.
/// Layout: <c>metrics.jsonl</c>, TensorBoard events, <c>completions/</c>, <c>samples/</c>, <c>checkpoints/step-…</c> to resume from, and
/// at the end <c>policy/</c>, a checkpoint directory for everything that reads Janus-Pro, or <c>adapter/</c>, a folder for PEFT; where
/// there were evaluations, <c>best/</c> is the same of the best of them. A batch whose gradient is not finite goes to <c>faults/</c>.
/// Of several processes the first writes; all of them read the folder when they start.
/// </summary>
public static class TrainingRun
{
    /// <summary>Folder of the finished policy inside a run's folder.</summary>
    public const string PolicyFolder = "policy";

    /// <summary>Folder of the finished adapter, in its stead where an adapter was trained.</summary>
    public const string AdapterFolder = "adapter";

    /// <summary>Folder of the policy or adapter that was best in the evaluations.</summary>
    public const string BestFolder = "best";

    /// <summary>Folder of batches that ended a run.</summary>
    public const string FaultsFolder = "faults";

    /// <summary>Folder of the states to resume from.</summary>
    public const string StatesFolder = "checkpoints";

    private const int SamplePrompts = 8; // rows of the sample grid

    /// <summary>The last state in a run's folder, for the trainer's constructor; null when there is none.</summary>
    /// <exception cref="UserException">It cannot be read.</exception>
    public static RunState? Latest(string directory) => RunState.Latest(Path.Combine(directory, StatesFolder));

    /// <summary>Runs a trainer to its end, from where it stands.</summary>
    /// <param name="trainer">Made with <see cref="Latest"/> of the same folder.</param>
    /// <param name="directory">The run's folder.</param>
    /// <param name="validation">What is measured on held-out data; null for nothing.</param>
    /// <param name="progress">Sees every step.</param>
    /// <param name="cancellation">Stops the run before the present update; the state is saved first.</param>
    /// <returns>Rows of the data that were skipped.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="UserException">A gradient was not finite; the batch is in the run's folder.</exception>
    public static IReadOnlyList<BadRow> Run(
        ITrainer trainer, string directory, Validation? validation = null, Action<StepResult>? progress = null, CancellationToken cancellation = default)
    {
        var (states, settings, processes) = (Path.Combine(directory, StatesFolder), trainer.Settings, trainer.Processes);
        var best = RunState.Latest(states)?.Best;
        void Save()
        {
            if (processes.IsFirst())
            {
                (trainer.State() with { Best = best }).Save(states, settings.CheckpointsKept);
            }
        }

        using var log = processes.IsFirst() ? new RunLog(directory, trainer.StepsMade == 0 ? null : trainer.StepsMade) : null;
        try
        {
            while (trainer.StepsMade < trainer.TotalSteps)
            {
                var result = trainer.Update(AllOrNone(processes, cancellation));
                if (result.Fault is { } fault)
                {
                    throw processes.FirstThenOthers(() => processes.IsFirst() ? FaultReport.Save(Path.Combine(directory, FaultsFolder), settings, result, fault) : new UserException(fault));
                }

                var isBetter = false;
                if (validation is not null && IsDue(settings.EvalSteps, trainer))
                {
                    (result, isBetter) = Evaluate(validation, processes, result, ref best);
                }

                if (log is not null)
                {
                    Log(log, trainer, result);
                }

                progress?.Invoke(result);
                if (isBetter || IsDue(settings.CheckpointSteps, trainer))
                {
                    Save();
                }
            }
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }

        if (processes.IsFirst())
        {
            SavePolicy(trainer, states, best, directory);
        }

        return trainer.BadRows;
    }

    // Several processes stop between two steps, all between the same two: one that stops alone leaves the others waiting.
    private static CancellationToken AllOrNone(IProcessGroup processes, CancellationToken cancellation) =>
        processes.Size == 1 ? cancellation
        : processes.Any(cancellation.IsCancellationRequested) ? throw new OperationCanceledException()
        : CancellationToken.None;

    private static bool IsDue(long every, ITrainer trainer) => trainer.StepsMade == trainer.TotalSteps || (every > 0 && trainer.StepsMade % every == 0);

    private static (StepResult Result, bool IsBetter) Evaluate(Validation validation, IProcessGroup processes, StepResult result, ref BestState? best)
    {
        var measured = processes.FromFirst(() => new Dictionary<string, double>(validation.Measure()));
        var score = measured[validation.Score];
        var isBetter = double.IsFinite(score) && !(best?.Score >= score);
        best = isBetter ? new BestState(result.Step, score) : best;
        return (result with { Metrics = new Dictionary<string, double>([.. result.Metrics, .. measured.Select(m => KeyValuePair.Create(MetricNames.Eval(m.Key), m.Value))]) }, isBetter);
    }

    private static void Log(RunLog log, ITrainer trainer, StepResult result)
    {
        var settings = trainer.Settings;
        if (trainer.StepsMade == 1 || IsDue(settings.LoggingSteps, trainer) || (settings.EvalSteps > 0 && IsDue(settings.EvalSteps, trainer)))
        {
            log.Metrics(result.Step, result.Metrics);
        }

        if (result.Completions.Rewards.Count > 0 && (trainer.StepsMade == 1 || IsDue(settings.CheckpointSteps, trainer))) // without rewards they are the data's own
        {
            var rows = result.Completions.Rows();
            log.Completions(result.Step, rows);
            var grid = rows.Where(row => !row.Image.IsEmpty).Chunk(result.Completions.GroupSize).Take(SamplePrompts).ToList();
            if (grid.Count > 0)
            {
                log.SampleImages(result.Step, [.. grid.Select(group => (IReadOnlyList<ReadOnlyMemory<byte>>)[.. group.Select(row => row.Image)])], [.. grid.Select(group => group[0].Prompt)]);
            }
        }
    }

    // The last policy, and the best one; the trainer ends with the last.
    private static void SavePolicy(ITrainer trainer, string states, BestState? best, string directory)
    {
        if (best is not null)
        {
            trainer.Restore(RunState.At(states, best.Step));
            Write(trainer.Policy, Path.Combine(directory, BestFolder));
            trainer.Restore(RunState.At(states, trainer.StepsMade));
        }

        Write(trainer.Policy, Path.Combine(directory, trainer.Policy.Adapter is null ? PolicyFolder : AdapterFolder));
    }

    // An adapter goes out alone: it is small, and its base is where it was.
    private static void Write(Policy policy, string folder)
    {
        if (policy.Adapter is not null)
        {
            policy.SaveAdapter(folder);
            return;
        }

        policy.Save(folder, policy.Model.Device.type == TorchSharp.DeviceType.CPU ? ScalarType.Float32 : policy.Model.Dtype);
    }
}
