namespace Corl.Reports;

/// <summary>A Gaussian average along the steps, which unlike an exponential one does not lag behind.</summary>
internal static class Smoothing
{
    /// <summary>Smooths values within each stage; a stage's numbers do not leak into the next.</summary>
    /// <param name="points">Step and value, by step.</param>
    /// <param name="stageStarts">First steps of stages.</param>
    /// <param name="width">The Gaussian's standard deviation in points.</param>
    public static double[] Gaussian(IReadOnlyList<(double Step, double Value)> points, IReadOnlyList<double> stageStarts, double width)
    {
        const double Reach = 3; // standard deviations; beyond, a weight is below 1 %
        int[] stage = [.. points.Select(point => stageStarts.Count(start => start <= point.Step))];
        var smooth = new double[points.Count];
        for (var i = 0; i < points.Count; i++)
        {
            double sum = 0, weights = 0;
            var reach = (int)Math.Ceiling(Reach * width);
            for (var j = Math.Max(0, i - reach); j <= Math.Min(points.Count - 1, i + reach); j++)
            {
                var weight = stage[i] == stage[j] ? Math.Exp(-0.5 * Math.Pow((i - j) / Math.Max(width, double.Epsilon), 2)) : 0;
                weights += weight;
                sum += weight * points[j].Value;
            }

            smooth[i] = sum / weights;
        }

        return smooth;
    }

    /// <summary>A fortieth of the curve on each side, at least one point: smooth enough to see a trend, short enough to keep a jump.</summary>
    public static double WidthFor(int points) => points < 8 ? 0.01 : Math.Max(1, points / 40.0);
}
