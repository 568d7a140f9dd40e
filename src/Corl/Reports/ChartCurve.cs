using System.Globalization;

namespace Corl.Reports;

/// <summary>A series as it is drawn: finite points, no more than can be seen, with the smoothed line and spread.</summary>
internal sealed record ChartCurve(string Name, IReadOnlyList<(double Step, double Value)> Points, double[] Smooth, double[]? Spread)
{
    private const int MaxPoints = 600; // more than a chart has columns of pixels

    /// <summary>Prepares a series; neighbours are averaged where there are too many.</summary>
    public static ChartCurve Of(ChartSeries series, IReadOnlyList<StageMark> marks)
    {
        double[] stages = [.. marks.Select(mark => (double)mark.Step)];
        int[] kept = [.. Enumerable.Range(0, series.Points.Count).Where(i => double.IsFinite(series.Points[i].Value) && (series.Spread is null || double.IsFinite(series.Spread[i])))];
        int[][] chunks = [.. kept.Chunk(Math.Max(1, (kept.Length + MaxPoints - 1) / MaxPoints))];
        (double Step, double Value)[] points = [.. chunks.Select(chunk => (chunk.Average(i => series.Points[i].Step), chunk.Average(i => series.Points[i].Value)))];
        var width = Smoothing.WidthFor(points.Length);
        var spread = series.Spread is null ? null
            : Smoothing.Gaussian([.. chunks.Select((chunk, i) => (points[i].Step, chunk.Average(j => series.Spread[j])))], stages, width);
        return new ChartCurve(series.Name, points, Smoothing.Gaussian(points, stages, width), spread);
    }

    /// <summary>Where the smoothed line ends, in three digits.</summary>
    public string Last => Smooth.Length == 0 ? "–" : Smooth[^1] switch
    {
        0 => "0",
        var value when Math.Abs(value) is < 1e-3 or >= 1e5 => value.ToString("0.0e0", CultureInfo.InvariantCulture),
        var value => value.ToString("G3", CultureInfo.InvariantCulture).Replace('-', '−'),
    };

    /// <summary>The values that the axis must show: the smoothed line, its band, and all raw values but the outermost hundredth on each side.</summary>
    public IEnumerable<double> Core()
    {
        double[] sorted = [.. Points.Select(point => point.Value).Order()];
        var raw = sorted.Skip(sorted.Length / 100).Take(sorted.Length - (2 * (sorted.Length / 100)));
        return Smooth.Concat(raw).Concat(Spread is null ? [] : Smooth.SelectMany((value, i) => new[] { value - Spread[i], value + Spread[i] }));
    }
}
