using System.Globalization;
using System.Text;
using Corl.Reports;

namespace Corl.Cli.Reproduction;

/// <summary>Writes experiments as Markdown, CSV, SVG and one page of HTML: our numbers in the form of the paper's tables, the paper's beside them.</summary>
internal static class ReproductionReport
{
    /// <summary>Name of the page.</summary>
    public const string Page = "reproduce.html";

    /// <summary>All experiments as one page of Markdown.</summary>
    public const string Results = "results.md";

    private const string Rule =
        "A claim of the paper holds if the difference is more than two standard errors in its favour in one column and in no column as far against it; a claim that there is no difference holds if none is that large.";

    private static readonly string[] Claims = ["what the paper says", "here", "difference in percentage points"];

    private const string Title = "The paper's figures and tables again";

    /// <summary>Writes all files of every experiment into a folder, and the page.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="results">The experiments.</param>
    /// <param name="explanation">What the numbers are.</param>
    /// <param name="command">The command line that made them.</param>
    public static void Write(string folder, IReadOnlyList<ExperimentResults> results, string explanation, string command)
    {
        AtomicFile.WriteText(Path.Combine(folder, Results), $"# {Title}\n`{command}`\n\n{explanation} {Rule}\n\n{string.Join('\n', results.Select(Markdown))}");
        foreach (var result in results)
        {
            var id = result.Experiment.Id;
            AtomicFile.WriteText(Path.Combine(folder, $"{id}.md"), $"`{command}`\n\n{explanation} {Rule}\n\n{Markdown(result)}");
            AtomicFile.WriteText(Path.Combine(folder, $"{id}.csv"), Csv(result));
            AtomicFile.WriteText(Path.Combine(folder, $"{id}.svg"), BarGroupsSvg.File(Bars(result)));
        }

        HtmlReport.Write(Path.Combine(folder, Page), new RunReport
        {
            Title = Title,
            Subtitle = command,
            Sections = [new ReportSection("How to read this", [new TextBlock(explanation), new TextBlock(Rule)]), .. results.Select(Section)],
        });
    }

    /// <summary>An experiment as Markdown: our table, the paper's, and what becomes of its claims.</summary>
    public static string Markdown(ExperimentResults result)
    {
        var text = new StringBuilder($"## {result.Experiment.Title}\n");
        Table(text, result.Columns.Select(column => column.Name), result.Experiment.Rows.Select((row, r) => (row.Name, result.Columns.Select((_, c) => Cell(result.Of(r, c))))));
        var paper = PaperTables.Of(result.Experiment.Id);
        text.Append($"\n{paper.Title}, in the paper ({PaperTables.Source}). {string.Join(' ', paper.Notes)}\n\n");
        if (paper.Rows.Count > 0)
        {
            Table(text, paper.Columns, PaperRows(result, paper).Select(row => (row.Name, row.Values.Select(Number))));
            text.Append('\n');
        }

        text.Append($"| {string.Join(" | ", Claims)} |\n|---|---|---|\n");
        foreach (var outcome in result.Experiment.Claims.Select(result.Check))
        {
            text.Append($"| {outcome.Claim.Text} | {outcome.Verdict} | {Differences(outcome)} |\n");
        }

        return text.ToString();
    }

    /// <summary>An experiment as numbers: a line per row, column and seed.</summary>
    public static string Csv(ExperimentResults result)
    {
        var text = new StringBuilder("row,column,stands_for,seed_number,percent\n");
        for (var row = 0; row < result.Experiment.Rows.Count; row++)
        {
            for (var column = 0; column < result.Columns.Count; column++)
            {
                foreach (var (seed, value) in result.Cells[row][column].Index())
                {
                    text.Append(CultureInfo.InvariantCulture, $"\"{result.Experiment.Rows[row].Name}\",\"{result.Columns[column].Name}\",\"{result.Columns[column].StandsFor}\",{seed},{value:F4}\n");
                }
            }
        }

        return text.ToString();
    }

    private static void Table(StringBuilder text, IEnumerable<string> columns, IEnumerable<(string Name, IEnumerable<string> Cells)> rows)
    {
        string[] head = ["", .. columns];
        text.Append($"| {string.Join(" | ", head)} |\n|---|{string.Concat(head.Skip(1).Select(_ => "---:|"))}\n");
        foreach (var (name, cells) in rows)
        {
            text.Append($"| {name} | {string.Join(" | ", cells)} |\n");
        }
    }

    private static ReportSection Section(ExperimentResults result)
    {
        var paper = PaperTables.Of(result.Experiment.Id);
        List<ReportBlock> blocks = [new BarGroupsBlock(Bars(result)), Block(1, [.. result.Columns.Select(column => column.Name)], result.Experiment.Rows.Select((row, r) => new ResultRow(row.Name, [.. result.Columns.Select((_, c) => result.Of(r, c))])))];
        blocks.Add(new TextBlock($"{paper.Title}, in the paper ({PaperTables.Source}). {string.Join(' ', paper.Notes)}"));
        if (paper.Rows.Count > 0)
        {
            blocks.Add(Block(2, paper.Columns, PaperRows(result, paper).Select(row => new ResultRow(row.Name, [.. row.Values.Select(value => value is { } number ? new Measure(number) : (Measure?)null)]))));
        }

        blocks.Add(new WordsBlock(Claims, [.. result.Experiment.Claims.Select(result.Check).Select(outcome => (IReadOnlyList<string>)[outcome.Claim.Text, outcome.Verdict, Differences(outcome)])]));
        return new ReportSection(result.Experiment.Title, blocks);

        static TableBlock Block(int digits, IReadOnlyList<string> columns, IEnumerable<ResultRow> rows) => new(new ResultTable(columns, [.. rows]) { Digits = digits, ShowsChange = false });
    }

    private static BarGroups Bars(ExperimentResults result) => new(
        result.Experiment.Title,
        [.. result.Columns.Select(column => column.Name)],
        [.. result.Experiment.Rows.Select((row, r) => new BarSeries(row.Name, [.. result.Columns.Select((_, c) => result.Of(r, c))]))]);

    // Of the long tables of models only the rows that are run here.
    private static IEnumerable<PaperRow> PaperRows(ExperimentResults result, PaperTable paper) =>
        paper.Rows.Where(row => result.Experiment.Rows.Any(ours => ours.InPaper == row.Name));

    private static string Differences(ClaimOutcome outcome) =>
        string.Join("; ", outcome.Differences.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Column} {(d.Points < 0 ? "−" : "+")}{Math.Abs(d.Points):F1} ± {d.Error:F1}")));

    private static string Cell(Measure? value) => value is not { } measure ? "/" : measure.StandardError is { } error
        ? string.Create(CultureInfo.InvariantCulture, $"{measure.Mean:F1} ± {error:F1}")
        : measure.Mean.ToString("F1", CultureInfo.InvariantCulture);

    private static string Number(double? value) => value?.ToString("0.0#", CultureInfo.InvariantCulture) ?? "/";
}
