namespace Corl.Reports;

/// <summary>A report as data: a title and sections of blocks. <see cref="HtmlReport"/> draws it.</summary>
public sealed record RunReport
{
    /// <summary>The page's title.</summary>
    public required string Title { get; init; }

    /// <summary>One line under the title: recipe, seed, machine.</summary>
    public string? Subtitle { get; init; }

    /// <summary>The two to six numbers a reader should take away.</summary>
    public IReadOnlyList<KeyFigure> KeyFigures { get; init; } = [];

    /// <summary>The sections in order.</summary>
    public required IReadOnlyList<ReportSection> Sections { get; init; }
}
