namespace Corl.Reports;

/// <summary>A question and what was answered.</summary>
/// <param name="Question">The question.</param>
/// <param name="Truth">The true answer.</param>
/// <param name="Image">The image it is about, or none.</param>
/// <param name="Stages">Per stage its name, the answer and whether it is right, where that is known.</param>
public sealed record AnswerComparison(string Question, string Truth, ReportImage? Image, IReadOnlyList<(string Stage, string Answer, bool? IsRight)> Stages);
