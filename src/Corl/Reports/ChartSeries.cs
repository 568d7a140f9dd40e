namespace Corl.Reports;

/// <summary>A line of a chart: the raw numbers are drawn faintly, a smoothed line over them.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">Step and value, by step; values that are not finite are left out.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<(double Step, double Value)> Points)
{
    /// <summary>Per point a spread that is shaded on both sides of the smoothed line; null for none.</summary>
    public IReadOnlyList<double>? Spread { get; init; }
}
