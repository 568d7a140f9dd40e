namespace Corl.Evaluation;

/// <summary>How one item was scored, and why. One line of results.jsonl; what significance tests and pages of items are made from.</summary>
/// <param name="Id">The item.</param>
/// <param name="Score">0 to 1, and 0 or 1 where the benchmark knows nothing between.</param>
/// <param name="Reason">How the score came about, in words.</param>
internal sealed record ItemVerdict(string Id, double Score, string Reason)
{
    /// <summary>The question or the prompt, as the data has it.</summary>
    public string? Question { get; init; }

    /// <summary>The right answer, where there is one.</summary>
    public string? Truth { get; init; }

    /// <summary>What was scored: the answer out of its tags.</summary>
    public string? Prediction { get; init; }

    /// <summary>What the model wrote, where that is not what was scored.</summary>
    public string? RawPrediction { get; init; }

    /// <summary>What a matcher or a judge read from the prediction.</summary>
    public string? Extracted { get; init; }

    /// <summary>Images drawn: paths below the run's folder.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>Which parts of the table the item counts in: categories, splits, skills.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The judge's replies, in order.</summary>
    public IReadOnlyList<string>? JudgeReplies { get; init; }
}
