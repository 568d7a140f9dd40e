namespace Corl.Evaluation;

/// <summary>What the model made of one item. One line of the predictions file.</summary>
/// <param name="Id">The item.</param>
internal sealed record Prediction(string Id)
{
    /// <summary>The answer as the model wrote it, special tokens removed; null for drawings.</summary>
    public string? Text { get; init; }

    /// <summary>The images drawn: paths below the run's folder, with slashes; null for an answer.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>Tokens written for an answer.</summary>
    public int? Tokens { get; init; }

    /// <summary>Whether the answer was cut off at the longest length.</summary>
    public bool? Clipped { get; init; }
}
