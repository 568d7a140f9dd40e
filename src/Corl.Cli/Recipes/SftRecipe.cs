using Corl.Data;
using Corl.Models;
using Corl.Rollouts;
using Corl.Sft;
using Corl.Shapes;
using Corl.Training;

namespace Corl.Cli.Recipes;

/// <summary>A supervised fine-tuning run as data.</summary>
internal sealed record SftRecipe : TrainingRecipe
{
    /// <summary>What the trainer does.</summary>
    [Inline]
    public required SftConfig Stage { get; init; }

    /// <inheritdoc/>
    public override LoraConfig? Lora { get; init; }

    /// <inheritdoc/>
    public override ColumnNames Columns { get; init; } = new();

    /// <inheritdoc/>
    public override TrainingConfig Settings => Stage;

    /// <summary>Reads a recipe file and the overrides of <c>--set</c>.</summary>
    /// <param name="path">The file, or the name of a recipe that ships with the program, for example "shapes/cold-sft".</param>
    /// <param name="overrides">"key=value" in order.</param>
    /// <exception cref="UserException">Names the file, the line and the key.</exception>
    public static SftRecipe Load(string path, params IEnumerable<string> overrides)
    {
        var recipe = ShippedRecipes.Read<SftRecipe>(path, overrides, out _);
        recipe.Stage.Validated();
        return recipe;
    }

    /// <inheritdoc/>
    public override SampleSet ShapesRows() => ShapesData.For(Stage.Tasks, reasoned: true);

    /// <inheritdoc/>
    public override TrainingRecipe With(Func<TrainingConfig, TrainingConfig> change, LoraConfig? lora) => this with { Stage = (SftConfig)change(Stage), Lora = lora };

    /// <inheritdoc/>
    public override StartedTraining Start(Session session, Policy policy, SampleSet data, SampleSet? heldOut, RunState? resume)
    {
        var trainer = new SftTrainer(policy, Stage, data, resume, session.Processes);
        return new StartedTraining(trainer, heldOut is null ? null : trainer.HeldOutLoss(heldOut));
    }
}
