using System.Xml.Linq;
using Corl.Imaging;
using Corl.Reports;

namespace Corl.Tests.Reports;

/// <summary>The report page: whole, closed in itself, safe with text from outside.</summary>
public sealed class HtmlReportTests
{
    private const string Hostile = "</script><img src=x onerror=alert(1)> \" ' & \0 \u001b \ud800 {0}";

    [Fact]
    public void Render_EveryBlockWithHostileText_IsWellFormedAndEscaped()
    {
        var page = HtmlReport.Render(Everything(Hostile));
        var root = XDocument.Parse(page).Root!; // throws where a tag is not closed or a character not allowed
        Assert.DoesNotContain(root.Descendants(), element => element.Name.LocalName == "script" || element.Attributes().Any(attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal)));
        Assert.Contains(root.Descendants("h1"), element => element.Value.StartsWith("</script><img src=x", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_Page_FetchesNothing()
    {
        var root = XDocument.Parse(HtmlReport.Render(Everything("a prompt"))).Root!;
        var addresses = root.Descendants().SelectMany(element => element.Attributes()).Where(attribute => attribute.Name.LocalName is "src" or "href" or "srcset").Select(attribute => attribute.Value).ToList();
        Assert.NotEmpty(addresses);
        Assert.All(addresses, address => Assert.StartsWith("data:image/", address, StringComparison.Ordinal));
        Assert.DoesNotContain("url(", root.Descendants("style").Single().Value, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", root.Descendants("style").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Page_KnowsDarkAndPhone()
    {
        var page = HtmlReport.Render(Everything("a prompt"));
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Contains("width=device-width", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_SmallImage_StaysAsItIs_LargeOneShrinks()
    {
        var small = Png(8, 8);
        var large = Png(900, 300);
        var page = HtmlReport.Render(new RunReport { Title = "t", Sections = [new ReportSection("s", [new ImagesBlock([new ImageComparison("p", null, [("before", [new ReportImage(small), new ReportImage(large)])])])])] });
        string[] sources = [.. XDocument.Parse(page).Root!.Descendants("img").Select(image => image.Attribute("src")!.Value)];
        Assert.Equal("data:image/png;base64," + Convert.ToBase64String(small), sources[0]);
        var shrunk = ImageCodec.Decode(Convert.FromBase64String(sources[1].Split(',')[1]), "shrunk");
        Assert.Equal((384, 128), (shrunk.Width, shrunk.Height));
    }

    [Fact]
    public void Render_Change_IsColouredWhenMoreThanTwiceItsStandardError()
    {
        // √(0.02² + 0.02²) = 0.0283: a change of 0.06 is clear, 0.05 is not; where less is better, down is better.
        var table = new ResultTable(["before", "after"],
        [
            new ResultRow("clear", [new Measure(0.50, 0.02), new Measure(0.56, 0.02)]),
            new ResultRow("unclear", [new Measure(0.50, 0.02), new Measure(0.55, 0.02)]),
            new ResultRow("down", [new Measure(0.56, 0.02), new Measure(0.50, 0.02)]),
            new ResultRow("less", [new Measure(0.56, 0.02), new Measure(0.50, 0.02)]) { LessIsBetter = true },
            new ResultRow("half", [null, new Measure(0.50, 0.02)]),
        ]);
        var rows = XDocument.Parse(HtmlReport.Render(new RunReport { Title = "t", Sections = [new ReportSection("s", [new TableBlock(table)])] })).Root!.Descendants("tbody").Single().Elements("tr");
        Assert.Equal(["better +0.060", "unclear +0.050", "worse −0.060", "better −0.060", " "], rows.Select(row => $"{row.Elements().Last().Attribute("class")?.Value} {row.Elements().Last().Value}"));
    }

    [Fact]
    public void ToMarkdown_GivesMeansErrorsAndChange() => Assert.Equal(
        " | before | after | change\n--- | ---: | ---: | ---:\na\\|b | 0.500 ± 0.020 | 0.250 | −0.250\n",
        new ResultTable(["before", "after"], [new ResultRow("a|b", [new Measure(0.5, 0.02), new Measure(0.25)])]).ToMarkdown());

    [Fact]
    public void Share_HasTheBinomialStandardError()
    {
        var share = Measure.Share(75, 300); // √(0.25 · 0.75 / 300) = 0.025
        Assert.Equal(0.25, share.Mean);
        Assert.Equal(0.025, share.StandardError!.Value, 1e-12);
    }

    [Fact]
    public void Curves_ShowEveryRewardWithItsSpread()
    {
        MetricRow[] rows = [.. Enumerable.Range(1, 5).Select(step => new MetricRow(step, new Dictionary<string, double>
        {
            ["reward"] = step, ["reward_std"] = 0.5, ["rewards/cycle/mean"] = step, ["rewards/cycle/group_std"] = 0.1 * step, ["rewards/my own/mean"] = 1, ["kl"] = 0.1, ["grad_norm"] = double.NaN,
        }))];
        var charts = ((ChartBlock)RunSections.Curves(rows, []).Blocks[0]).Charts;
        var cycle = charts.Single(chart => chart.Metric == "rewards/cycle/mean").Series[0];
        Assert.Equal([0.1, 0.2, 0.3, 0.4, 0.5], cycle.Spread!.Select(spread => Math.Round(spread, 12)));
        Assert.Null(charts.Single(chart => chart.Metric == "rewards/my own/mean").Series[0].Spread);
        Assert.Equal("mean", charts.Single(chart => chart.Metric == "kl").Series[0].Name);
    }

    [Fact]
    public void Join_PutsStagesOneAfterAnother()
    {
        static IReadOnlyList<MetricRow> Stage(params int[] steps) => [.. steps.Select(step => new MetricRow(step, new Dictionary<string, double>()))];
        var (rows, marks) = RunSections.Join([("one", Stage(1, 2, 3)), ("none", []), ("two", Stage(1, 2))]);
        Assert.Equal([1, 2, 3, 4, 5], rows.Select(row => (int)row.Step));
        Assert.Equal([new StageMark(1, "one"), new StageMark(4, "two")], marks);
    }

    private static byte[] Png(int width, int height)
    {
        var rng = new CounterRng(1);
        return ImageCodec.EncodePng(new RgbImage(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(_ => (byte)rng.Below(256))]));
    }

    private static RunReport Everything(string text) => new()
    {
        Title = text,
        Subtitle = text,
        KeyFigures = [new KeyFigure(text, text, text)],
        Sections =
        [
            new ReportSection(text,
            [
                new TextBlock(text),
                new CodeBlock(text, text),
                new BarBlock(text, [new(text, 1), new(text, 0)]),
                new TableBlock(new ResultTable([text], [new ResultRow(text, [new Measure(0.5)]) { IsMain = true }])),
                new ChartBlock([new Chart(text, [new ChartSeries(text, [(1, 0.5), (2, double.NaN), (3, 1)]) { Spread = [0.1, 0.1, 0.1] }, new ChartSeries(text, [])]) { Metric = text, Stages = [new StageMark(2, text)] }, new Chart(text, [])]),
                new ImagesBlock([new ImageComparison(text, new ReportImage(Png(2, 2)), [(text, [new ReportImage(Png(3, 3), text, true), new ReportImage("no image"u8.ToArray(), null, false)])])]),
                new AnswersBlock([new AnswerComparison(text, text, null, [(text, text, null)])]),
            ], text),
        ],
    };
}
