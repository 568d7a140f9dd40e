namespace Corl.Reports;

/// <summary>A section of a report.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Blocks">What it shows.</param>
/// <param name="Note">A sentence under the heading.</param>
public sealed record ReportSection(string Title, IReadOnlyList<ReportBlock> Blocks, string? Note = null);
