using System.Globalization;
using System.Text;

namespace Corl.Reports;

/// <summary>Draws <see cref="BarGroups"/> as SVG: bars with whiskers of one standard error, and a legend below.</summary>
internal static class BarGroupsSvg
{
    public const int MaxSeries = 8;                                     // colours that stay apart
    private const int Width = 900, Height = 300;                        // SVG units; the page scales them
    private const int Left = 40, Right = 8, Top = 26, Bottom = 22;      // room for the ticks, the title and the groups' names
    private const int LegendRow = 18, LegendColumns = 4, LegendGap = 18;
    private const double GroupShare = 0.82;                             // of a group's width that its bars fill

    // The page's colours, which a file of its own brings along.
    private const string Style = """
        <style>
        svg { font: 12px system-ui, sans-serif; --text: #1d2025; --soft: #5d636d; --grid: #ececef; --page: #ffffff; }
        .s0 { --c: #2f6fdb; } .s1 { --c: #d9731a; } .s2 { --c: #23936b; } .s3 { --c: #8a56c9; } .s4 { --c: #c73e5b; } .s5 { --c: #178a99; } .s6 { --c: #7a6a2f; } .s7 { --c: #6b7280; }
        @media (prefers-color-scheme: dark) { svg { --text: #e7e9ed; --soft: #9aa1ac; --grid: #282c33; --page: #15171b; } }
        .page { fill: var(--page); } .title { fill: var(--text); font-weight: 600; } .tick, .name { fill: var(--soft); }
        .bar { fill: var(--c); } .grid { stroke: var(--grid); } .whisker { stroke: var(--text); }
        </style><rect class="page" width="100%" height="100%"/>
        """;

    /// <summary>A file of its own.</summary>
    public static string File(BarGroups bars) => Draw(bars, Style) + "\n";

    /// <summary>For a page that has the colours.</summary>
    public static string Draw(BarGroups bars, string before = "")
    {
        var series = bars.Series.Take(MaxSeries).ToList();
        var top = series.SelectMany(s => s.Values).Select(value => IsNumber(value) ? value!.Value.Mean + (value.Value.StandardError ?? 0) : 0).DefaultIfEmpty(1).Max();
        var axis = Axis.For(0, top > 0 ? top : 1, ticks: 5);
        var height = Height + LegendGap + (LegendRow * ((series.Count + LegendColumns - 1) / LegendColumns));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" class="bar-groups" viewBox="0 0 {Width} {height}" role="img" aria-label="{HtmlReport.Escape(bars.Title)}">{before}""");
        svg.Append(CultureInfo.InvariantCulture, $"""<text class="title" x="{Left}" y="14">{HtmlReport.Escape(bars.Title)}</text>""");
        foreach (var tick in axis.Ticks())
        {
            var y = Y(axis, tick);
            svg.Append(CultureInfo.InvariantCulture, $"""<path class="grid" d="M{Left} {y:F1}H{Width - Right}"/><text class="tick" x="{Left - 6}" y="{y + 4:F1}" text-anchor="end">{axis.Label(tick)}</text>""");
        }

        var room = (double)(Width - Left - Right) / Math.Max(1, bars.Groups.Count);
        for (var group = 0; group < bars.Groups.Count; group++)
        {
            Group(svg, axis, bars.Groups[group], [.. series.Select(s => s.Values[group])], Left + (group * room), room);
        }

        for (var i = 0; i < series.Count; i++)
        {
            var (x, y) = (Left + (i % LegendColumns * (Width - Left - Right) / LegendColumns), Height + LegendGap + (i / LegendColumns * LegendRow));
            svg.Append(CultureInfo.InvariantCulture, $"""<rect class="bar s{i}" x="{x}" y="{y - 9}" width="10" height="10" rx="2"/><text class="name" x="{x + 15}" y="{y}">{HtmlReport.Escape(series[i].Name)}</text>""");
        }

        return svg.Append("</svg>").ToString();
    }

    private static void Group(StringBuilder svg, Axis axis, string name, Measure?[] values, double left, double room)
    {
        var width = room * GroupShare / Math.Max(1, values.Length);
        var start = left + (room * (1 - GroupShare) / 2);
        for (var i = 0; i < values.Length; i++)
        {
            if (!IsNumber(values[i]))
            {
                continue;
            }

            var (x, mean) = (start + (i * width), values[i]!.Value.Mean);
            svg.Append(CultureInfo.InvariantCulture, $"""<rect class="bar s{i}" x="{x:F1}" y="{Y(axis, mean):F1}" width="{width - 1:F1}" height="{Y(axis, 0) - Y(axis, mean):F1}"><title>{mean:F1}</title></rect>""");
            if (values[i]!.Value.StandardError is { } error && double.IsFinite(error))
            {
                svg.Append(CultureInfo.InvariantCulture, $"""<path class="whisker" d="M{x + ((width - 1) / 2):F1} {Y(axis, mean - error):F1}V{Y(axis, mean + error):F1}"/>""");
            }
        }

        svg.Append(CultureInfo.InvariantCulture, $"""<text class="name" x="{left + (room / 2):F1}" y="{Height - 6}" text-anchor="middle">{HtmlReport.Escape(name)}</text>""");
    }

    private static bool IsNumber(Measure? value) => value is { } measure && double.IsFinite(measure.Mean);

    private static double Y(Axis axis, double value) => Height - Bottom - (axis.Share(value) * (Height - Bottom - Top));
}
