using TorchSharp.Modules;

namespace Corl.Shapes;

/// <summary>One stretch of supervised training: what learns, how fast, and the gradients of each step.</summary>
/// <param name="Name">Names its progress lines and its checkpoint.</param>
/// <param name="Schedule">Learning rates; its length is the phase's.</param>
/// <param name="Parameters">What learns.</param>
/// <param name="Backward">
/// Adds the gradients of a step to the parameters and returns its loss: a pure function of the parameters and the step's number.
/// </param>
internal sealed record TrainingPhase(
    string Name, CosineSchedule Schedule, IReadOnlyList<(string Name, Parameter Parameter)> Parameters, Func<int, double> Backward)
{
    /// <summary>AdamW's β₁ and β₂.</summary>
    public (double First, double Second) Betas { get; init; } = (0.9, 0.95);

    /// <summary>AdamW's decay of matrices; vectors never decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether the decay acts on a parameter of this name.</summary>
    public bool Decays(string name) => Parameters.First(p => p.Name == name).Parameter.Dimensions > 1;
}
