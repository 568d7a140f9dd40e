namespace Corl.Reports;

/// <summary>Where a stage begins.</summary>
/// <param name="Step">Its first step.</param>
/// <param name="Name">Its name.</param>
public sealed record StageMark(long Step, string Name);
