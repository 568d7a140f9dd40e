using System.Globalization;
using System.Text;

namespace Corl.Reports;

/// <summary>
/// Draws a chart as SVG whose colours and letters come from the page it stands in, so that it follows light and dark and needs no fonts on
/// the machine that draws it.
/// </summary>
internal static class ChartSvg
{
    public const int MaxSeries = 6; // colours that stay apart
    private const int Width = 440, Height = 220;                        // SVG units; the page scales them
    private const double Margin = 0.05;                                 // of the values' range, above and below
    private const double LetterWidth = 5.6;                             // of the stages' names, about
    private const int Left = 46, Right = 12, Top = 18, Bottom = 26;     // room for the tick labels and the stages' names

    public static string Draw(Chart chart, IReadOnlyList<ChartCurve> curves)
    {
        var (x, y) = Axes(chart, curves);
        double[] stages = [.. chart.Stages.Select(mark => (double)mark.Step)];
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-label="{Html(chart.Title)}">""");
        Grid(svg, x, y);
        Stages(svg, chart.Stages, x);
        for (var i = 0; i < curves.Count; i++)
        {
            var curve = curves[i];
            Band(svg, curve, stages, i, x, y);
            Line(svg, "raw", i, curve.Points, stages, x, y);
            Line(svg, "line", i, [.. curve.Points.Select((point, j) => (point.Step, curve.Smooth[j]))], stages, x, y);
        }

        return svg.Append("</svg>").ToString();
    }

    private static (Axis X, Axis Y) Axes(Chart chart, IReadOnlyList<ChartCurve> curves)
    {
        double[] values = [.. curves.SelectMany(curve => curve.Core()), .. chart.Include is { } include ? (double[])[include] : []];
        double[] steps = [.. curves.SelectMany(curve => curve.Points).Select(point => point.Step)];
        var (first, last) = chart.Steps ?? (steps.DefaultIfEmpty(0).Min(), steps.DefaultIfEmpty(1).Max());
        var (low, high) = (values.DefaultIfEmpty(0).Min(), values.DefaultIfEmpty(1).Max());
        var margin = Margin * (high - low);
        return (Axis.For(first, last, ticks: 6), Axis.For(chart.Include == low ? low : low - margin, chart.Include == high ? high : high + margin, ticks: 4));
    }

    private static void Grid(StringBuilder svg, Axis x, Axis y)
    {
        foreach (var tick in y.Ticks())
        {
            var at = Y(y, tick);
            svg.Append(CultureInfo.InvariantCulture, $"""<path class="grid" d="M{Left} {at:F1}H{Width - Right}"/><text class="tick" x="{Left - 6}" y="{at + 3.5:F1}" text-anchor="end">{y.Label(tick)}</text>""");
        }

        foreach (var tick in x.Ticks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text class="tick" x="{X(x, tick):F1}" y="{Height - 8}" text-anchor="middle">{x.Label(tick)}</text>""");
        }
    }

    private static void Stages(StringBuilder svg, IReadOnlyList<StageMark> stages, Axis x)
    {
        for (var i = 0; i < stages.Count; i++)
        {
            var at = X(x, stages[i].Step);
            if (at < Left || at > Width - Right)
            {
                continue;
            }

            if (i > 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"""<path class="stage" d="M{at:F1} {Top - 10}V{Height - Bottom}"/>""");
            }

            var room = (int)(((i + 1 < stages.Count ? X(x, stages[i + 1].Step) : Width) - at - 6) / LetterWidth);
            var name = stages[i].Name.Length <= room ? stages[i].Name : room > 3 ? stages[i].Name[..(room - 1)] + "…" : "";
            svg.Append(CultureInfo.InvariantCulture, $"""<text class="stage-name" x="{at + 4:F1}" y="{Top - 5}">{Html(name)}</text>""");
        }
    }

    private static void Band(StringBuilder svg, ChartCurve curve, double[] stages, int index, Axis x, Axis y)
    {
        if (curve.Spread is not { } spread)
        {
            return;
        }

        foreach (var part in Enumerable.Range(0, curve.Points.Count).GroupBy(i => stages.Count(start => start <= curve.Points[i].Step)))
        {
            var upper = part.Select(i => Point(x, y, curve.Points[i].Step, curve.Smooth[i] + spread[i]));
            var lower = part.Reverse().Select(i => Point(x, y, curve.Points[i].Step, curve.Smooth[i] - spread[i]));
            svg.Append($"""<path class="band s{index}" d="M{string.Join('L', upper.Concat(lower))}Z"/>""");
        }
    }

    private static void Line(StringBuilder svg, string kind, int index, IReadOnlyList<(double Step, double Value)> points, double[] stages, Axis x, Axis y)
    {
        var path = new StringBuilder();
        var stage = -1;
        foreach (var (step, value) in points)
        {
            var here = stages.Count(start => start <= step); // a new stage begins a new line
            path.Append(here == stage ? 'L' : 'M').Append(Point(x, y, step, value));
            stage = here;
        }

        if (points.Count == 1)
        {
            path.Append("h0"); // a round line cap makes a dot of it
        }

        svg.Append(CultureInfo.InvariantCulture, $"""<path class="{kind} s{index}" d="{path}"/>""");
    }

    private static string Point(Axis x, Axis y, double step, double value) => string.Create(CultureInfo.InvariantCulture, $"{X(x, step):F1} {Y(y, value):F1}");

    private static double X(Axis axis, double step) => Left + (axis.Share(step) * (Width - Left - Right));

    private static double Y(Axis axis, double value) => Height - Bottom - (Math.Clamp(axis.Share(value), 0, 1) * (Height - Top - Bottom));

    private static string Html(string text) => HtmlReport.Escape(text);
}
