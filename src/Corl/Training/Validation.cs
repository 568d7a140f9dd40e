namespace Corl.Training;

/// <summary>An evaluation on held-out data during training, every <see cref="TrainingConfig.EvalSteps"/> updates. It must not depend on when it is made, only on the policy.</summary>
/// <param name="Measure">Measures the policy; numbers by name, logged as "eval_NAME".</param>
/// <param name="Score">The name of the number by which states are compared, higher is better.</param>
public sealed record Validation(Func<IReadOnlyDictionary<string, double>> Measure, string Score);
