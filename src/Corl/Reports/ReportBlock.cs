namespace Corl.Reports;

/// <summary>A part of a section.</summary>
public abstract record ReportBlock;

/// <summary>A paragraph.</summary>
public sealed record TextBlock(string Text) : ReportBlock;

/// <summary>Text in a fixed-width face, folded away under its title.</summary>
public sealed record CodeBlock(string Title, string Text) : ReportBlock;

/// <summary>Charts side by side, as many as fit.</summary>
public sealed record ChartBlock(IReadOnlyList<Chart> Charts) : ReportBlock;

/// <summary>Parts of a whole as bars.</summary>
/// <param name="Unit">The unit of the values, for example "s".</param>
/// <param name="Bars">Label and value of each bar.</param>
public sealed record BarBlock(string Unit, IReadOnlyList<KeyValuePair<string, double>> Bars) : ReportBlock;

/// <summary>Numbers side by side.</summary>
public sealed record BarGroupsBlock(BarGroups Bars) : ReportBlock;

/// <summary>A table of results.</summary>
public sealed record TableBlock(ResultTable Table) : ReportBlock;

/// <summary>A table of words.</summary>
/// <param name="Columns">Heads.</param>
/// <param name="Rows">Cells by row.</param>
public sealed record WordsBlock(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportBlock;

/// <summary>The same prompts' images at several stages.</summary>
public sealed record ImagesBlock(IReadOnlyList<ImageComparison> Prompts) : ReportBlock;

/// <summary>The same questions' answers at several stages.</summary>
public sealed record AnswersBlock(IReadOnlyList<AnswerComparison> Questions) : ReportBlock;
