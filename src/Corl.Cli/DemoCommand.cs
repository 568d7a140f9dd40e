using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Reports;
using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>The tour on the Shapes world: baseline, stage 1, stage 2, and what changed.</summary>
internal static class DemoCommand
{
    private static readonly string[] SecondStage = ["shapes/refined-t2i", "shapes/refined-mcq", "shapes/refined-oe"];
    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the run; default: runs/demo, or the first free runs/demo-N", HelpName = "folder" };
    private static readonly Option<string> First = new("--recipe") { Description = "Recipe of stage 1: shapes/unified is the paper to the letter, shapes/unified-plus ours", DefaultValueFactory = _ => "shapes/unified-plus", HelpName = "recipe" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of every stage, for example steps=5", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<int> Prompts = new("--prompts") { Description = "Prompts of each of the six kinds in the evaluations", DefaultValueFactory = _ => ShapesSize.Full.PromptsPerTask, HelpName = "n" };
    private static readonly Option<int> Questions = new("--questions") { Description = "Questions of each of the two types in the evaluations", DefaultValueFactory = _ => ShapesSize.Full.QuestionsPerType, HelpName = "n" };

    public static Command Create() => new Verb("demo", "Train the tiny model in both stages and show what it learnt", "corl demo --out runs/demo", Run) { ModelFolder.Option, Out, First, Set, Prompts, Questions };

    private static int Run(Session session)
    {
        var watch = Stopwatch.StartNew();
        var folder = OutputFolder.Prepare(session.Value(Out) ?? FreeFolder());
        string[] overrides = session.Seed is { } seed ? [.. session.Value(Set)!, $"seed={seed}"] : session.Value(Set)!;
        var stages = SecondStage.Prepend(session.Value(First)!).Select(name => Recipe.Load(name, overrides)).ToList();
        var size = new ShapesSize(session.Value(Prompts), session.Value(Questions));
        session.Progress($"stage 1 is {session.Value(First)}; stage 2 {string.Join(", ", SecondStage)}; the run is in {folder}");
        using var policy = ModelFolder.Load(session);
        var showcase = new DemoShowcase(policy, stages[0].Stage.Seed);
        List<(string Name, ShapesResult Result)> results = [];
        List<(string Name, IReadOnlyList<MetricRow> Rows)> logs = [];
        Evaluate("before", "before");
        for (var i = 0; i < stages.Count; i++)
        {
            logs.Add((stages[i].Stage.Name, Train(session, stages[i], policy, Path.Combine(folder, $"{i + 1}-{stages[i].Stage.Name}"))));
            if (i == 0)
            {
                Evaluate("stage1", "stage 1");
            }
        }

        Evaluate("after", "stage 2");
        var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), TrainCommand.PeakMegabytes(), stages.Sum(s => s.Stage.Steps ?? 0), results.ToDictionary(r => r.Name, r => r.Result));
        AtomicFile.WriteText(Path.Combine(folder, "summary.json"), JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n");
        var report = Path.Combine(folder, "report.html");
        HtmlReport.Write(report, DemoReport.Of(session.Value(First)!, stages, results, size, logs, showcase, summary));
        foreach (var row in ShapesTable.Rows(results))
        {
            session.Print(string.Join("  ", row.Select(cell => cell.PadLeft(8))).TrimEnd());
        }

        session.Print($"stage 1 was {session.Value(First)}; {summary.Steps} updates, {summary.Seconds} s, {summary.PeakRssMb} MB; one standard error is about 2 for images, 3 for answers; report: {report}");
        session.Document(summary);
        return Program.Done;

        void Evaluate(string key, string shown)
        {
            session.Progress($"evaluating: {shown}");
            results.Add((key, ShapesResult.Of(policy, stages[0].Stage.Seed, size, session.Progress)));
            showcase.Look(shown);
        }
    }

    private static IReadOnlyList<MetricRow> Train(Session session, Recipe recipe, Policy policy, string path)
    {
        using var data = ShapesData.For(recipe.Stage.Tasks);
        var folder = RunFolder.Open(path, resume: false, recipe, ModelFolder.Of(session), data);
        TrainCommand.Train(session, recipe, policy, data, folder);
        return RunLog.ReadMetrics(path);
    }

    private static string FreeFolder()
    {
        var first = Path.Combine("runs", "demo");
        return Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? first : $"{first}-{i}").First(path => !Directory.Exists(path) && !File.Exists(path));
    }
}
