using System.Globalization;
using Corl.Reports;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>report.html of the demo: results, images and answers before and after, curves, time.</summary>
internal static class DemoReport
{
    public static void Write(string path, ulong seed, string folder, IReadOnlyList<DemoStage> stages, IReadOnlyList<DemoResult> results, RunSummary summary)
    {
        var (rows, marks) = RunSections.Join(stages.SelectMany(stage => stage.Recipes).Select(recipe => (recipe.Stage.Name, RunLog.ReadMetrics(Path.Combine(folder, recipe.Stage.Name)))));
        var unified = stages[0].Recipes[0].Stage;
        HtmlReport.Write(path, new RunReport
        {
            Title = "Co-reinforcement learning in the Shapes world",
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"stage 1: {unified.Name}; seed {seed}; {summary.Steps} steps in {summary.Seconds} s, {summary.PeakRssMb / 1000:F1} GB; libtorch {Devices.TorchVersion}"),
            KeyFigures =
            [
                Figure("Images right, nothing else in them", x => x.Strict),
                Figure("ShapesEval", x => x.ShapesEval),
                Figure("Answers right and tagged, sampled", x => (x.Sampled.McqTagged + x.Sampled.OpenEndedTagged) / 2),
                Figure("Answers in the asked format, sampled", x => x.Sampled.Format),
            ],
            Sections =
            [
                new ReportSection("Results", [new TableBlock(ShapesTable.Of([.. results.Select(x => (x.Name, x.Scores))]))], "Held-out prompts and questions, judged by an exact detector; shares with one standard error."),
                new ReportSection("The same prompts, before and after", [new ImagesBlock(Images(results))], "The same noise at every stage; marked right when everything asked for is there and nothing else."),
                new ReportSection("The same questions, before and after", [new AnswersBlock(Answers(results))]),
                RunSections.Curves(rows, marks),
                RunSections.Times(rows, marks),
                RunSections.Recipes(stages.SelectMany(stage => stage.Recipes).Select(recipe => (recipe.Stage.Name, recipe.ToYaml()))),
            ],
        });

        KeyFigure Figure(string label, Func<ShapesResult, double> value) => new(
            label, string.Create(CultureInfo.InvariantCulture, $"{value(results[0].Scores):F2} → {value(results[^1].Scores):F2}"), "before → after, ± 0.02");
    }

    private static ImageComparison[] Images(IReadOnlyList<DemoResult> results) =>
    [
        .. DemoResult.Prompts.Select((record, i) => new ImageComparison(
            record.Prompt,
            new ReportImage(DemoResult.Png(SceneRenderer.Render(record.Scene))),
            [.. results.Select(result => (result.Name, (IReadOnlyList<ReportImage>)[.. result.Images[i].Zip(result.IsRight[i], (png, isRight) => new ReportImage(png, IsRight: isRight))]))])),
    ];

    private static AnswerComparison[] Answers(IReadOnlyList<DemoResult> results) =>
    [
        .. DemoResult.Questions.Select((asked, i) => new AnswerComparison(
            asked.Question.Text,
            asked.Question.Answer,
            new ReportImage(DemoResult.Png(SceneRenderer.Render(asked.Record.Scene))),
            [.. results.Select(result => (result.Name, result.Answers[i], (bool?)ShapesQa.IsRight(result.Answers[i], asked.Question.Answer)))])),
    ];
}
