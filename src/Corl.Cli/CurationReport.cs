using System.Globalization;
using System.Text;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Data.Curation;
using Corl.Reports;

namespace Corl.Cli;

/// <summary>curation.json, and the document of <c>corl data curate --json</c>; its names stay.</summary>
internal sealed record CurationSummary(
    int Rows, int Requested, int MultipleChoice, int OpenEnded, double? MeanCoverage, double? Threshold, IReadOnlyList<int>? CoverageHistogram,
    IReadOnlyDictionary<string, double> Letters, IReadOnlyDictionary<string, SourceSummary> Sources, int NotRewritten, double Seconds);

/// <summary>What became of a source's items.</summary>
internal sealed record SourceSummary(int Read, int Problems, int Rows, int Left, int Bad, IReadOnlyDictionary<string, int> Reasons, IReadOnlyList<BadRow> BadRows);

/// <summary>The report of a curated set: counts by source and filter, coverage, answers, sample rows.</summary>
internal static class CurationReport
{
    private const int ShownAnswers = 12;

    /// <summary>Writes report.html, README.md and, last, curation.json.</summary>
    public static CurationSummary Write(CuratedFolder folder, CurationSettings settings, CurationCounts counts, double seconds)
    {
        var summary = Summary(settings, counts, seconds);
        HtmlReport.Write(folder.Report, Report(folder, settings, counts, summary));
        AtomicFile.WriteText(folder.Card, Card(folder, settings, counts, summary));
        folder.WriteSummary(summary);
        return summary;
    }

    /// <summary>The coverage of the rows' prompts, line by line; nothing where there are none.</summary>
    public static IEnumerable<string> Histogram(CurationCounts counts)
    {
        const int Longest = 40; // characters of the largest bar
        return counts.Threshold is null ? [] : Histogram(counts.Coverage).Where(bin => bin.Value > 0)
            .Select(bin => string.Create(CultureInfo.InvariantCulture, $"coverage {bin.Key}  {bin.Value,9:N0}  {new string('█', (int)Math.Ceiling(Longest * bin.Value / counts.Coverage.Max()))}"));
    }

    private static CurationSummary Summary(CurationSettings settings, CurationCounts counts, double seconds) => new(
        counts.Rows, settings.Rows, counts.MultipleChoice, counts.Rows - counts.MultipleChoice, Rounded(counts.MeanCoverage), Rounded(counts.Threshold), counts.Threshold is null ? null : counts.Coverage,
        counts.Letters.Index().Where(letter => letter.Item > 0).ToDictionary(letter => OptionOrder.Letters[letter.Index].ToString(), letter => Math.Round((double)letter.Item / counts.MultipleChoice, 4)),
        counts.Sources.ToDictionary(source => source.Key, source => new SourceSummary(
            source.Value.Read, source.Value.Problems, source.Value.Taken, source.Value.Left, source.Value.BadCount, source.Value.Reasons, source.Value.Bad)),
        counts.NotRewritten, seconds);

    private static RunReport Report(CuratedFolder folder, CurationSettings settings, CurationCounts counts, CurationSummary summary)
    {
        List<ReportSection> sections = [new("Where the rows come from", [new TableBlock(Sources(counts))], "Items of the files, what was made of them, and why the rest was left out.")];
        if (counts.Threshold is not null)
        {
            sections.Add(new("Coverage of the prompts", [new BarBlock("rows", Histogram(counts.Coverage)), new TextBlock("Before the threshold:"), new BarBlock("problems", Histogram(counts.Candidates))],
                "The share of the solution's entities that the chosen caption names."));
        }

        if (settings.Difficulty is not null)
        {
            sections.Add(new("Right answers of the policy", [new BarBlock("rows", Histogram(counts.PassRates))]));
        }

        sections.Add(new("Answers", [new BarBlock("rows", [.. counts.Letters.Index().Where(x => x.Item > 0).Select(x => KeyValuePair.Create($"letter {OptionOrder.Letters[x.Index]}", (double)x.Item))]), new BarBlock("rows", MostFrequent(counts))],
            "Right letters, and the most frequent answers."));
        sections.Add(new("Some rows", [new AnswersBlock([.. counts.Samples.Select(Sample)])]));
        var bad = string.Join('\n', counts.Sources.SelectMany(source => source.Value.Bad.Select(row => $"{row.Row}: {row.Reason}")));
        sections.Add(new("Details", [new CodeBlock("recipe.yaml", YamlBinder.Write(settings)), .. bad.Length > 0 ? [new CodeBlock("Damaged items, the first of each source", bad)] : (CodeBlock[])[]]));
        return new RunReport
        {
            Title = Path.GetFileName(Path.GetFullPath(folder.Path)),
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"layout {(settings.Layout == CuratedLayout.X2x ? "x2x" : "mcot")}; seed {settings.Seed}; {summary.Seconds} s"),
            KeyFigures =
            [
                new("Rows", summary.Rows.ToString("N0", CultureInfo.InvariantCulture), summary.Rows == summary.Requested ? null : $"of {summary.Requested:N0} asked for"),
                new("Multiple choice", Share(summary.MultipleChoice, summary.Rows)),
                .. summary.MeanCoverage is { } mean ? [new KeyFigure("Mean coverage", mean.ToString("F3", CultureInfo.InvariantCulture), $"threshold {summary.Threshold?.ToString("F3", CultureInfo.InvariantCulture)}")] : (KeyFigure[])[],
            ],
            Sections = sections,
        };
    }

    private static ResultTable Sources(CurationCounts counts)
    {
        Measure? Of(double value) => new Measure(value);
        SourceCounts[] sources = [.. counts.Sources.Values];
        string[] reasons = [.. sources.SelectMany(source => source.Reasons.Keys).Distinct()];
        return new ResultTable([.. counts.Sources.Keys],
        [
            new ResultRow("items", [.. sources.Select(source => Of(source.Read))]),
            new ResultRow("damaged", [.. sources.Select(source => Of(source.BadCount))]),
            .. reasons.Select(reason => new ResultRow(reason, [.. sources.Select(source => source.Reasons.TryGetValue(reason, out var count) ? Of(count) : null)])),
            new ResultRow("not needed", [.. sources.Select(source => Of(source.Left))]),
            new ResultRow("rows", [.. sources.Select(source => Of(source.Taken))]) { IsMain = true },
        ])
        { Digits = 0, ShowsChange = false };
    }

    private static string Card(CuratedFolder folder, CurationSettings settings, CurationCounts counts, CurationSummary summary)
    {
        var text = new StringBuilder($"# {Path.GetFileName(Path.GetFullPath(folder.Path))}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{summary.Rows:N0} rows, {summary.MultipleChoice:N0} multiple-choice and {summary.OpenEnded:N0} open-ended, made by `corl data curate` with seed {settings.Seed}");
        text.Append(summary.MeanCoverage is { } mean ? string.Create(CultureInfo.InvariantCulture, $"; mean coverage {mean:F3}, threshold {summary.Threshold:F3}.\n\n") : ".\n\n");
        text.Append(Sources(counts).ToMarkdown());
        if (counts.Threshold is not null)
        {
            text.Append("\ncoverage | rows\n---: | ---:\n");
            foreach (var (bin, rows) in Histogram(counts.Coverage))
            {
                text.Append(CultureInfo.InvariantCulture, $"{bin} | {rows}\n");
            }
        }

        return text.Append("\nThe recipe is in recipe.yaml, sample rows in report.html. The licences of the sources apply to their rows.\n").ToString();
    }

    private static AnswerComparison Sample(CuratedRow row) => new(
        row.Prompt is null ? row.Text.Question : $"{row.Prompt}\n\n{row.Text.Question}", row.Text.Solution, new ReportImage(row.Image, row.Coverage is { } coverage ? $"coverage {coverage.ToString("F2", CultureInfo.InvariantCulture)}" : null),
        [(row.Id, row.PassRate is { } rate ? $"pass rate {rate.ToString("F2", CultureInfo.InvariantCulture)}" : row.Text.Answer, null)]);

    private static KeyValuePair<string, double>[] Histogram(int[] bins) =>
        [.. bins.Select((count, i) => KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"{i / 10.0:F1} to {(i + 1) / 10.0:F1}"), (double)count))];

    private static KeyValuePair<string, double>[] MostFrequent(CurationCounts counts) =>
        [.. counts.Answers.OrderByDescending(answer => answer.Value).ThenBy(answer => answer.Key, StringComparer.Ordinal).Take(ShownAnswers).Select(answer => KeyValuePair.Create(answer.Key, (double)answer.Value))];

    private static string Share(int part, int whole) => whole == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:F1} %");

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 4) : null;
}
