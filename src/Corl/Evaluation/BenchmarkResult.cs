namespace Corl.Evaluation;

/// <summary>A scored benchmark.</summary>
/// <param name="Benchmark">Its name.</param>
/// <param name="Profile">Whose rules.</param>
/// <param name="Overall">The number that the paper's table shows, in the table's units; null when the rules give none.</param>
/// <param name="Parts">The official tool's table, in its units and to the last digit.</param>
/// <param name="Verdicts">Every item that was scored, in the order of the data.</param>
internal sealed record BenchmarkResult(string Benchmark, string Profile, double? Overall, IReadOnlyList<ScoreRow> Parts, IReadOnlyList<ItemVerdict> Verdicts)
{
    /// <summary>Who judged: "none" or a model's name.</summary>
    public string Judge { get; init; } = "none";

    /// <summary>Whether the judge stands in for one that is not there: then this is not the benchmark's number and may not be called so.</summary>
    public bool IsProxy { get; init; }

    /// <summary>What a reader of the number must know: missing items, departures from the rules.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A row of a benchmark's table.</summary>
/// <param name="Name">A split, a category or a skill.</param>
/// <param name="Values">Numbers by column, in the table's order; null where there is none.</param>
internal sealed record ScoreRow(string Name, OrderedDictionary<string, double?> Values);
