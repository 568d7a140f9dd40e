namespace Corl.Reports;

/// <summary>A prompt and what was drawn for it.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Real">The real image, or none.</param>
/// <param name="Stages">Per stage its name and images.</param>
public sealed record ImageComparison(string Prompt, ReportImage? Real, IReadOnlyList<(string Stage, IReadOnlyList<ReportImage> Images)> Stages);
