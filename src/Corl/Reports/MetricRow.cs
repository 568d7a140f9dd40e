namespace Corl.Reports;

/// <summary>What was logged at one step.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Values">Numbers by name, see <see cref="MetricNames"/>.</param>
public sealed record MetricRow(long Step, IReadOnlyDictionary<string, double> Values);
