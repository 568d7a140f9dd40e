namespace Corl.Reports;

/// <summary>A number in the head of the page.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">The number as text, for example "0.35 → 0.48".</param>
/// <param name="Note">What to hold against it, for example "± 0.02".</param>
public sealed record KeyFigure(string Label, string Value, string? Note = null);
