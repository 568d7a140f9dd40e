namespace Corl.Reports;

/// <summary>Numbers side by side: for every group a bar of each series.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="Groups">Names of the groups.</param>
/// <param name="Series">The series, at most eight.</param>
public sealed record BarGroups(string Title, IReadOnlyList<string> Groups, IReadOnlyList<BarSeries> Series);

/// <summary>A series of bars.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Values">By group, 0 or more; null where there is none.</param>
public sealed record BarSeries(string Name, IReadOnlyList<Measure?> Values);
