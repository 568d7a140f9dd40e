namespace Corl.Reports;

/// <summary>A row of a table of results.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Values">Its numbers by column; null where there is none.</param>
public sealed record ResultRow(string Name, IReadOnlyList<Measure?> Values)
{
    /// <summary>Set apart as one of the main results.</summary>
    public bool IsMain { get; init; }

    /// <summary>Whether less is better.</summary>
    public bool LessIsBetter { get; init; }
}
