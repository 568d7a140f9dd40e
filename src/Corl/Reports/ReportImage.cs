namespace Corl.Reports;

/// <summary>An image in a report.</summary>
/// <param name="Png">A PNG, JPEG or WebP file.</param>
/// <param name="Label">A word or number under it.</param>
/// <param name="IsRight">Whether it shows what was asked, where that is known.</param>
public sealed record ReportImage(ReadOnlyMemory<byte> Png, string? Label = null, bool? IsRight = null);
