using Corl.Data;
using Corl.Distributed;
using Corl.Rollouts;

namespace Corl.Training;

/// <summary>What a <see cref="TrainingRun"/> runs: reinforcement learning or supervised fine-tuning, one update at a time.</summary>
public interface ITrainer : IDisposable
{
    /// <summary>The settings.</summary>
    TrainingConfig Settings { get; }

    /// <summary>The policy, which is trained in place.</summary>
    Policy Policy { get; }

    /// <summary>The processes that train together.</summary>
    IProcessGroup Processes => ProcessGroups.Alone;

    /// <summary>Updates made so far, with those before a resume.</summary>
    long StepsMade { get; }

    /// <summary>Updates of the whole run.</summary>
    long TotalSteps { get; }

    /// <summary>Rows of the data that were skipped, and why.</summary>
    IReadOnlyList<BadRow> BadRows { get; }

    /// <summary>Makes one update.</summary>
    /// <param name="cancellation">Stops before anything is changed.</param>
    StepResult Update(CancellationToken cancellation = default);

    /// <summary>The state from which a run of the same settings goes on.</summary>
    RunState State();

    /// <summary>Puts the trained weights of a state into the policy.</summary>
    void Restore(RunState state);
}
