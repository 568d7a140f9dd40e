namespace Corl.Reports;

/// <summary>A chart of numbers over steps.</summary>
/// <param name="Title">What is shown, in words.</param>
/// <param name="Series">The lines, at most six.</param>
public sealed record Chart(string Title, IReadOnlyList<ChartSeries> Series)
{
    /// <summary>The metric's name in the log, in small type; null to leave it out.</summary>
    public string? Metric { get; init; }

    /// <summary>Stage boundaries.</summary>
    public IReadOnlyList<StageMark> Stages { get; init; } = [];

    /// <summary>The steps that the chart spans, so that charts beside each other line up; those of its own points when null.</summary>
    public (double First, double Last)? Steps { get; init; }

    /// <summary>A number that the axis must include, for example 0 for a quantity whose distance from zero matters.</summary>
    public double? Include { get; init; }
}
