using System.Globalization;
using Corl.Cli.Recipes;
using Corl.Reports;

namespace Corl.Cli;

/// <summary>report.html of a training run: curves, sample images of the first and the last step, time, settings.</summary>
internal static class TrainReport
{
    public static void Write(RunFolder folder, TrainingRecipe recipe, RunSummary summary)
    {
        var (rows, marks) = RunSections.Join([(recipe.Settings.Name, RunLog.ReadMetrics(folder.Path))]);
        List<ReportSection> sections = [RunSections.Curves(rows, marks), RunSections.Times(rows, marks), RunSections.Recipes([(recipe.Settings.Name, recipe.ToYaml())])];
        if (summary.Eval.Count > 0)
        {
            sections.Insert(0, new ReportSection("Results", [new TableBlock(ShapesTable.Of([.. summary.Eval.Select(x => (x.Key, x.Value))]))], "Held-out prompts and questions of the Shapes world; shares with one standard error."));
        }

        HtmlReport.Write(folder.Report, new RunReport
        {
            Title = recipe.Settings.Name,
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"seed {recipe.Settings.Seed}; {summary.Steps} steps in {summary.Seconds} s, {summary.PeakRssMb / 1000:F1} GB; libtorch {Devices.TorchVersion}"),
            Sections = sections,
        });
    }
}
