using System.Globalization;
using System.Xml.Linq;
using Corl.Reports;

namespace Corl.Tests.Reports;

/// <summary>Axes, smoothing and the lines that are drawn.</summary>
public sealed class ChartTests
{
    [Theory]
    [InlineData(0, 1, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0, 0.043, "0 0.01 0.02 0.03 0.04")]
    [InlineData(-3, 17, "0 5 10 15")]
    [InlineData(-0.3, 0.1, "−0.3 −0.2 −0.1 0 0.1")]
    [InlineData(1, 1250, "200 400 600 800 1000 1200")]
    [InlineData(0, 4e-6, "0 1e-6 2e-6 3e-6 4e-6")]
    [InlineData(2, 2, "1.0 1.5 2.0 2.5 3.0")] // a constant in the middle
    public void Axis_Ticks_AreRound(double low, double high, string expected)
    {
        var axis = Axis.For(low, high, high > 1000 ? 6 : 4);
        Assert.Equal(expected, string.Join(' ', axis.Ticks().Select(axis.Label)));
    }

    [Fact]
    public void Gaussian_OfALine_IsTheLineAwayFromItsEnds()
    {
        (double Step, double Value)[] points = [.. Enumerable.Range(0, 100).Select(i => ((double)i, 3 + (0.5 * i)))];
        var smooth = Smoothing.Gaussian(points, [], width: 2);
        Assert.All(Enumerable.Range(10, 80), i => Assert.Equal(points[i].Value, smooth[i], 1e-12));
    }

    [Fact]
    public void Gaussian_OverAStageBoundary_DoesNotMixStages()
    {
        (double Step, double Value)[] points = [.. Enumerable.Range(1, 40).Select(i => ((double)i, i < 21 ? 1.0 : 5.0))];
        var smooth = Smoothing.Gaussian(points, [21], width: 3);
        Assert.Equal(points.Select(point => point.Value), smooth.Select(value => Math.Round(value, 12)));
    }

    [Fact]
    public void Draw_ValuesOnTheAxis_LandWhereTheirTicksAre()
    {
        // Two points at the ends of both axes: the raw line goes from the first tick's corner to the last one's.
        var chart = new Chart("t", [new ChartSeries("s", [(0, 0), (10, 1)])]) { Include = 0 };
        var svg = XElement.Parse(ChartSvg.Draw(chart, [ChartCurve.Of(chart.Series[0], [])]));
        var line = svg.Elements("path").Single(path => path.Attribute("class")!.Value == "raw s0").Attribute("d")!.Value;
        double[] numbers = [.. line.Replace('M', ' ').Replace('L', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
        double TextY(string label) => double.Parse(svg.Elements("text").First(text => text.Value == label && text.Attribute("text-anchor")?.Value == "end").Attribute("y")!.Value, CultureInfo.InvariantCulture) - 3.5; // text stands 3.5 units below its line
        double TextX(string label) => double.Parse(svg.Elements("text").First(text => text.Value == label && text.Attribute("text-anchor")?.Value == "middle").Attribute("x")!.Value, CultureInfo.InvariantCulture);
        Assert.Equal([TextX("0"), TextY("0"), TextX("10"), TextY("1.0")], numbers);
    }

    [Fact]
    public void Of_ManyPoints_AreAveragedToFew()
    {
        var curve = ChartCurve.Of(new ChartSeries("s", [.. Enumerable.Range(0, 12_000).Select(i => ((double)i, i % 2 == 0 ? 0.0 : 1.0))]), []);
        Assert.Equal(600, curve.Points.Count);
        Assert.All(curve.Points, point => Assert.Equal(0.5, point.Value));
    }
}
