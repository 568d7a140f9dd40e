using Corl.Data;
using Corl.Reports;
using Corl.Rewards;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>
/// A stage with its folder: updates, the log, checkpoints. Stopped or killed at any instant and started again with the same settings, it
/// ends with the same weights, metrics and completions as if it had not been.
/// Layout: <c>metrics.jsonl</c>, TensorBoard events, <c>completions/</c>, <c>samples/</c>, <c>checkpoints/step-…</c> to resume from, and
/// at the end <c>policy/</c>, a checkpoint directory for everything that reads Janus-Pro, or <c>adapter/</c>, a folder for PEFT.
/// </summary>
public static class StageRun
{
    /// <summary>Folder of the finished policy inside a run's folder.</summary>
    public const string PolicyFolder = "policy";

    /// <summary>Folder of the finished adapter, in its stead where an adapter was trained.</summary>
    public const string AdapterFolder = "adapter";

    private const string StatesFolder = "checkpoints";
    private const int SamplePrompts = 8; // rows of the sample grid

    /// <summary>The step of the last state in a run's folder; null when there is none.</summary>
    public static long? LastStep(string directory) => RunState.Latest(Path.Combine(directory, StatesFolder))?.Step;

    /// <summary>Runs the stage to its end, from where its folder stands.</summary>
    /// <param name="policy">The policy as it was when the stage began; it is trained in place.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="rewards">Its rewards.</param>
    /// <param name="samples">Its data.</param>
    /// <param name="directory">The run's folder; a fresh one starts at step 0.</param>
    /// <param name="progress">Sees every step.</param>
    /// <param name="cancellation">Stops the run after the present step's rollout; the state is saved first.</param>
    /// <returns>Rows of the data that were skipped.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<BadRow> Run(
        Policy policy, StageConfig stage, RewardSum rewards, SampleSet samples, string directory, Action<StepResult>? progress = null, CancellationToken cancellation = default)
    {
        var states = Path.Combine(directory, StatesFolder);
        var resume = RunState.Latest(states);
        using var trainer = new GrpoTrainer(policy, stage, rewards, samples, resume);
        using var log = new RunLog(directory, resume?.Step);
        try
        {
            while (trainer.Step < trainer.TotalSteps)
            {
                var result = trainer.Update(cancellation);
                Log(log, stage, trainer, result);
                progress?.Invoke(result);
                if (IsDue(stage.CheckpointSteps, trainer))
                {
                    trainer.State().Save(states, stage.CheckpointsKept);
                }
            }
        }
        catch (OperationCanceledException)
        {
            trainer.State().Save(states, stage.CheckpointsKept);
            throw;
        }

        Save(policy, directory);
        return trainer.BadRows;
    }

    // An adapter goes out alone: it is small, and its base is where it was.
    private static void Save(Policy policy, string directory)
    {
        if (policy.Adapter is not null)
        {
            policy.SaveAdapter(Path.Combine(directory, AdapterFolder));
            return;
        }

        policy.Save(Path.Combine(directory, PolicyFolder), policy.Model.Device.type == TorchSharp.DeviceType.CPU ? ScalarType.Float32 : policy.Model.Dtype);
    }

    private static bool IsDue(long every, GrpoTrainer trainer) => trainer.Step == trainer.TotalSteps || (every > 0 && trainer.Step % every == 0);

    private static void Log(RunLog log, StageConfig stage, GrpoTrainer trainer, StepResult result)
    {
        if (trainer.Step == 1 || IsDue(stage.LoggingSteps, trainer))
        {
            log.Metrics(result.Step, result.Metrics);
        }

        if (trainer.Step == 1 || IsDue(stage.CheckpointSteps, trainer))
        {
            var rows = result.Completions.Rows();
            log.Completions(result.Step, rows);
            var grid = rows.Where(row => !row.Image.IsEmpty).Chunk(stage.GroupSize).Take(SamplePrompts).ToList();
            if (grid.Count > 0)
            {
                log.SampleImages(result.Step, [.. grid.Select(group => (IReadOnlyList<ReadOnlyMemory<byte>>)[.. group.Select(row => row.Image)])], [.. grid.Select(group => group[0].Prompt)]);
            }
        }
    }
}
