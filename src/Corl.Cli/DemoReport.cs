using System.Globalization;
using Corl.Cli.Recipes;
using Corl.Reports;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>The page that the demo leaves.</summary>
internal static class DemoReport
{
    public static RunReport Of(
        string recipe,
        IReadOnlyList<Recipe> stages,
        IReadOnlyList<(string Name, ShapesResult Result)> results,
        ShapesSize size,
        IEnumerable<(string Name, IReadOnlyList<MetricRow> Rows)> logs,
        DemoShowcase showcase,
        RunSummary summary)
    {
        var (rows, marks) = RunSections.Join(logs);
        var (first, last) = (results[0].Result, results[^1].Result);
        return new RunReport
        {
            Title = "Corl on the Shapes world",
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"stage 1 {recipe}, seed {stages[0].Stage.Seed}, {summary.Steps} updates in {summary.Seconds:F0} s"),
            KeyFigures =
            [
                Figure("Prompts drawn, nothing else (strict)", x => x.Strict),
                Figure("ShapesEval", x => x.ShapesEval),
                Figure("Right answers inside their tags, sampled", x => (x.Sampled.McqTagged + x.Sampled.OpenEndedTagged) / 2),
            ],
            Sections =
            [
                new ReportSection("Results", [new TableBlock(Table(results, size))], "Held-out prompts and questions, the same random numbers before and after; ± one standard error."),
                new ReportSection("The same prompts before and after", [new ImagesBlock(showcase.Images)], "A tick: what the prompt says is there, and nothing else."),
                new ReportSection("The same questions before and after", [new AnswersBlock(showcase.Answers)]),
                RunSections.Curves(rows, marks),
                RunSections.Times(rows, marks),
                .. stages.Select(stage => RunSections.Recipe(stage.ToYaml())),
            ],
        };

        KeyFigure Figure(string label, Func<ShapesResult, double> value) => new(label, string.Create(CultureInfo.InvariantCulture, $"{100 * value(first):F1} → {100 * value(last):F1} %"));
    }

    private static ResultTable Table(IReadOnlyList<(string Name, ShapesResult Result)> results, ShapesSize size)
    {
        var perTask = size.PromptsPerTask * ShapesEval.ImagesPerPrompt;
        return new ResultTable(
            [.. results.Select(r => r.Name switch { "stage1" => "after stage 1", "after" => "after stage 2", _ => r.Name })],
            [.. ShapesTable.Lines.Select(line => new ResultRow(line.Name, [.. results.Select(r => (Measure?)Share(line.Value(r.Result), Trials(line.Name)))]) { IsMain = line.Name is "ShapesEval" or "strict" })]);

        int Trials(string name) => name switch
        {
            "ShapesEval" or "strict" => perTask * World.Tasks.Length,
            _ when name.StartsWith("format", StringComparison.Ordinal) => 2 * size.QuestionsPerType,
            _ when name.Contains(',', StringComparison.Ordinal) => size.QuestionsPerType,
            _ => perTask,
        };
    }

    private static Measure Share(double share, int trials) => new(share, Math.Sqrt(share * (1 - share) / trials));
}
