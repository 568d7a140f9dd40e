using Corl.Data;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;

namespace Corl.Cli.Recipes;

/// <summary>A training run of any kind as data.</summary>
internal abstract record TrainingRecipe
{
    /// <summary>Which column of the data holds what.</summary>
    public abstract ColumnNames Columns { get; init; }

    /// <summary>The low-rank adapter that is trained instead of the weights; null trains the weights.</summary>
    public abstract LoraConfig? Lora { get; init; }

    /// <summary>The settings that every kind of training has.</summary>
    public abstract TrainingConfig Settings { get; }

    /// <summary>Rows of the Shapes world, for a run without data of its own.</summary>
    public abstract SampleSet ShapesRows();

    /// <summary>Makes the trainer, from where an earlier run of the same recipe stopped.</summary>
    /// <param name="session">Where warnings go, and who trains together.</param>
    /// <param name="policy">The policy to train.</param>
    /// <param name="data">The rows.</param>
    /// <param name="heldOut">Rows to evaluate on; null for none.</param>
    /// <param name="resume">Where an earlier run stopped; null starts afresh.</param>
    public abstract StartedTraining Start(Session session, Policy policy, SampleSet data, SampleSet? heldOut, RunState? resume);

    /// <summary>The same recipe with other settings.</summary>
    public abstract TrainingRecipe With(Func<TrainingConfig, TrainingConfig> change, LoraConfig? lora);

    /// <summary>All settings, also those left at their defaults, as YAML.</summary>
    public string ToYaml() => YamlBinder.Write(this);
}

/// <summary>A trainer, what is measured on held-out rows, and the networks behind its rewards; owns all of them.</summary>
internal sealed record StartedTraining(ITrainer Trainer, Validation? Validation, IDisposable? Judges = null) : IDisposable
{
    public void Dispose()
    {
        Trainer.Dispose();
        Judges?.Dispose();
    }
}
