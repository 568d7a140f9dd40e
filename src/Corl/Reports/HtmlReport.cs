using System.Globalization;
using System.Net;
using System.Text;

namespace Corl.Reports;

/// <summary>
/// Draws a <see cref="RunReport"/> as one HTML file that needs nothing else: style, charts and images are inside, no script runs, nothing is
/// fetched. It follows the reader's light or dark setting and fits a phone. All text is escaped: prompts and answers come from outside.
/// </summary>
public static class HtmlReport
{
    private static readonly Lazy<string> Style = new(() =>
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("Corl.Reports.report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    /// <summary>Writes the page to a file, whole or not at all.</summary>
    /// <exception cref="UserException">The place cannot be written to.</exception>
    public static void Write(string path, RunReport report) => AtomicFile.WriteText(path, Render(report));

    /// <summary>Draws the page.</summary>
    public static string Render(RunReport report)
    {
        var html = new StringBuilder();
        html.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>{Escape(report.Title)}</title>
            <style>
            {Style.Value}</style>
            </head>
            <body>
            <header>
            <h1>{Escape(report.Title)}</h1>

            """);
        Optional(html, "p", "subtitle", report.Subtitle);
        if (report.KeyFigures.Count > 0)
        {
            html.Append("""<div class="figures">""");
            foreach (var figure in report.KeyFigures)
            {
                html.Append($"""<div class="figure"><div class="label">{Escape(figure.Label)}</div><div class="value">{Escape(figure.Value)}</div><div class="note">{Escape(figure.Note ?? "")}</div></div>""");
            }

            html.Append("</div>\n");
        }

        html.Append("</header>\n<main>\n");
        foreach (var section in report.Sections)
        {
            html.Append($"<section>\n<h2>{Escape(section.Title)}</h2>\n");
            Optional(html, "p", "lead", section.Note);
            foreach (var block in section.Blocks)
            {
                Block(html, block);
            }

            html.Append("</section>\n");
        }

        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Block(StringBuilder html, ReportBlock block)
    {
        switch (block)
        {
            case TextBlock text:
                html.Append($"<p>{Escape(text.Text)}</p>\n");
                break;
            case CodeBlock code:
                html.Append($"<details><summary>{Escape(code.Title)}</summary><pre>{Escape(code.Text)}</pre></details>\n");
                break;
            case ChartBlock charts:
                html.Append("""<div class="charts">""");
                foreach (var chart in charts.Charts)
                {
                    Chart(html, chart);
                }

                html.Append("</div>\n");
                break;
            case BarBlock bars:
                Bars(html, bars);
                break;
            case BarGroupsBlock groups:
                html.Append($"""<figure class="groups">{BarGroupsSvg.Draw(groups.Bars)}</figure>""").Append('\n');
                break;
            case TableBlock table:
                Table(html, table.Table);
                break;
            case WordsBlock words:
                Words(html, words);
                break;
            case ImagesBlock images:
                ReportGallery.Images(html, images.Prompts);
                break;
            case AnswersBlock answers:
                ReportGallery.Answers(html, answers.Questions);
                break;
        }
    }

    private static void Chart(StringBuilder html, Chart chart)
    {
        ChartCurve[] curves = [.. chart.Series.Take(ChartSvg.MaxSeries).Select(series => ChartCurve.Of(series, chart.Stages))];
        html.Append($"""<figure><figcaption><span class="chart-title">{Escape(chart.Title)}</span>""");
        if (chart.Metric is { } metric)
        {
            html.Append($""" <code>{Escape(metric)}</code>""");
        }

        html.Append("""<span class="legend">""");
        for (var i = 0; i < curves.Length; i++)
        {
            html.Append($"""<span class="key s{i}"><i></i>{Escape(curves[i].Name)} <b>{curves[i].Last}</b></span>""");
        }

        html.Append($"</span></figcaption>{ChartSvg.Draw(chart, curves)}</figure>\n");
    }

    private static void Bars(StringBuilder html, BarBlock block)
    {
        var total = block.Bars.Sum(bar => Math.Max(0, bar.Value));
        var largest = block.Bars.Select(bar => bar.Value).DefaultIfEmpty(0).Max();
        html.Append("""<div class="bars">""");
        foreach (var (label, value) in block.Bars)
        {
            var width = largest > 0 ? 100 * Math.Max(0, value) / largest : 0;
            var share = total > 0 ? 100 * Math.Max(0, value) / total : 0;
            html.Append(CultureInfo.InvariantCulture, $"""<div class="bar"><span>{Escape(label)}</span><div><i style="width:{width:F1}%"></i></div><b>{value:F1} {Escape(block.Unit)}</b><em>{share:F0} %</em></div>""");
        }

        html.Append("</div>\n");
    }

    private static void Table(StringBuilder html, ResultTable table)
    {
        html.Append("""<div class="scroll"><table><thead><tr><th></th>""");
        foreach (var column in table.Columns.Concat(table.ShowsChange ? ["change"] : []))
        {
            html.Append($"<th>{Escape(column)}</th>");
        }

        html.Append("</tr></thead><tbody>\n");
        foreach (var row in table.Rows)
        {
            html.Append($"""<tr{(row.IsMain ? " class=\"main\"" : "")}><th scope="row">{Escape(row.Name)}</th>""");
            foreach (var value in row.Values)
            {
                html.Append(value is not { } measure ? "<td></td>"
                    : measure.StandardError is { } error ? $"<td>{table.Number(measure.Mean)}<small> ± {table.Number(error)}</small></td>"
                    : $"<td>{table.Number(measure.Mean)}</td>");
            }

            if (table.ShowsChange)
            {
                html.Append(ResultTable.Change(row) is not { } change ? "<td></td>"
                    : $"""<td class="{(!change.IsClear ? "unclear" : change.Difference > 0 != row.LessIsBetter ? "better" : "worse")}">{table.Signed(change.Difference)}</td>""");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void Words(StringBuilder html, WordsBlock words)
    {
        html.Append($"""<div class="scroll"><table class="words"><thead><tr>{string.Concat(words.Columns.Select(name => $"<th>{Escape(name)}</th>"))}</tr></thead><tbody>""").Append('\n');
        foreach (var row in words.Rows)
        {
            html.Append($"<tr>{string.Concat(row.Select(cell => $"<td>{Escape(cell)}</td>"))}</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void Optional(StringBuilder html, string tag, string style, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            html.Append($"""<{tag} class="{style}">{Escape(text)}</{tag}>""").Append('\n');
        }
    }

    /// <summary>Text for the page; control characters, which no page may hold, are left out.</summary>
    internal static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t')));
}
