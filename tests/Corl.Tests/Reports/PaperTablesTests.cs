using System.Globalization;
using System.Xml.Linq;
using Corl.Reports;

namespace Corl.Tests.Reports;

public sealed class PaperTablesTests
{
    [Fact]
    public void All_EveryRow_HasANumberOrAGapForEveryColumn()
    {
        Assert.Equal(["fig1", "table1", "table2", "table3", "table4"], PaperTables.All.Select(table => table.Id));
        Assert.All(PaperTables.All, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Values.Count)));
        Assert.All(PaperTables.All, table => Assert.Equal(table.Rows.Select(row => row.Name).Distinct(), table.Rows.Select(row => row.Name)));
        Assert.Equal([0, 22, 18, 8, 4], PaperTables.All.Select(table => table.Rows.Count));
    }

    // Gains that the text of the paper names (sections 1 and 4.4) and that its tables print in brackets.
    [Theory]
    [InlineData("table2", "ULM-R1", "Janus-Pro", "WeMath", 15.2)]
    [InlineData("table2", "ULM-R1", "Janus-Pro", "LogicVista", 10.6)]
    [InlineData("table3", "+ Refined-RL w/ Unified-RL", "+ Refined-RL (T2I)", "GenEval", 2.2)] // "2.1" in the text, by unrounded numbers
    [InlineData("table3", "+ Refined-RL w/ Unified-RL", "+ Refined-RL (MM2T-MC)", "WeMath", 5.3)]
    [InlineData("table3", "+ Unified-RL", "Baseline", "LogicVista", 6.3)]
    [InlineData("table3", "+ Refined-RL w/ Cold-SFT", "Baseline", "WeMath", 16.6)]
    [InlineData("table4", "cycle", "no reward", "average", 2.1)]
    [InlineData("table4", "TIM", "no reward", "average", 0.8)]
    [InlineData("table4", "cycle and TIM", "no reward", "average", 2.8)]
    public void Value_Difference_IsThePapers(string id, string row, string than, string column, double gain)
    {
        var table = PaperTables.Of(id);
        Close.To(gain, table.Value(row, column)!.Value - table.Value(than, column)!.Value, 1e-9);
    }

    [Fact]
    public void Table4_Average_IsTheMeanOfBothBenchmarks() =>
        Assert.All(PaperTables.Of("table4").Rows, row => Close.To((row.Values[0]!.Value + row.Values[1]!.Value) / 2, row.Values[2]!.Value, 0.05 + 1e-9));

    [Fact]
    public void Tables1And3_SameModels_HaveTheSameNumbersToTheirDigits()
    {
        var (drawing, ablation) = (PaperTables.Of("table1"), PaperTables.Of("table3"));
        foreach (var (model, setting) in new[] { ("Janus-Pro", "Baseline"), ("ULM-R1", "+ Refined-RL w/ Unified-RL") })
        {
            Close.To(ablation.Value(setting, "GenEval")!.Value, 100 * drawing.Value(model, "GenEval")!.Value, 0.5);
            Close.To(ablation.Value(setting, "DPG")!.Value, drawing.Value(model, "DPG")!.Value, 0.05 + 1e-9);
        }
    }

    [Fact]
    public void BarGroups_TwoSeries_DrawsBarsOfTheirHeightsWithTheirErrors()
    {
        var bars = new BarGroups("a < b", ["one", "two"], [new("x", [new Measure(10, 2), null]), new("y", [new Measure(20), new Measure(double.NaN)])]);
        var svg = XDocument.Parse(BarGroupsSvg.File(bars)).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        double[] heights = [.. svg.Elements(ns + "rect").Where(rect => rect.Element(ns + "title") is not null).Select(rect => double.Parse(rect.Attribute("height")!.Value, CultureInfo.InvariantCulture))];
        Assert.Equal(2, heights.Length); // neither the gap nor the value that is no number
        Close.To(2, heights[1] / heights[0], 0.01);
        Assert.Single(svg.Elements(ns + "path"), path => path.Attribute("class")!.Value == "whisker");
        Assert.Equal("a < b", svg.Attribute("aria-label")!.Value);
    }
}
