namespace Corl.Training;

/// <summary>What one update did.</summary>
/// <param name="Step">Updates made, with this one.</param>
/// <param name="Metrics">By the names of docs/metrics.md.</param>
/// <param name="Completions">Every candidate of the batch with its rewards; without rewards where there are none.</param>
public sealed record StepResult(long Step, IReadOnlyDictionary<string, double> Metrics, CompletionTable Completions)
{
    /// <summary>What is wrong with the update, which was then not made, in words; null when it was.</summary>
    public string? Fault { get; init; }
}
