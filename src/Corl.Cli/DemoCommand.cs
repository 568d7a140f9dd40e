using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>
/// The whole of the method on the Shapes world: the base model, stage 1 (unified), stage 2 (refined, one task after the other), each
/// followed by an evaluation on held-out prompts and questions. Stopped at any instant, the same command with --resume goes on.
/// </summary>
internal static class DemoCommand
{
    private static readonly string DefaultFolder = Path.Combine("runs", "demo");
    private static readonly string[] StageTwo = ["shapes/refined-t2i", "shapes/refined-mcq", "shapes/refined-oe"];

    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the demo; default: runs/demo, or the first free runs/demo-N", HelpName = "folder" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on with the demo in --out" };
    private static readonly Option<string> StageOne = new("--recipe") { Description = "Recipe of stage 1: shapes/unified is the paper's algorithm, shapes/unified-plus ours", DefaultValueFactory = _ => "shapes/unified-plus", HelpName = "name" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting in every stage", HelpName = "key=value", DefaultValueFactory = _ => [] };

    private static readonly Option<bool> RebuildAssets = new("--rebuild-assets") { Description = "Train the tiny model and the networks that judge it from nothing instead (an hour or two; start it again to go on)" };

    public static Command Create() => new Verb("demo", "See the method work in ten minutes: a tiny model learns to draw and to answer better", "corl demo --out runs/demo", Run)
    {
        Out, Resume, StageOne, Set, ModelFolder.Option, RebuildAssets,
    };

    private static int Run(Session session)
    {
        if (session.Value(RebuildAssets))
        {
            return Rebuild(session);
        }

        var watch = Stopwatch.StartNew();
        string[] overrides = [.. session.Value(Set)!, $"seed={session.Seed ?? 0}"];
        DemoStage[] stages =
        [
            new("stage 1", [Recipe.Load(session.Value(StageOne)!, overrides)]),
            new("stage 2", [.. StageTwo.Select(name => Recipe.Load(name, overrides))]),
        ];
        var folder = session.Value(Out) ?? (session.Value(Resume) ? DefaultFolder : FreeFolder());
        if (!session.Value(Resume))
        {
            OutputFolder.Prepare(folder, "name a new folder, or go on with the demo in it with --resume");
        }

        var device = session.OpenDevice();
        session.Progress($"stage 1 runs {session.Value(StageOne)} ({(stages[0].Recipes[0].Stage.Advantage == Grpo.AdvantageKind.Joint ? "the paper's algorithm" : "one advantage per modality, counted objects")}); --recipe picks another");
        var model = ModelFolder.Of(session);
        List<DemoResult> results = [];
        using (var policy = Policy.Load(model, device))
        {
            results.Add(Look(session, folder, "before", policy));
        }

        foreach (var stage in stages)
        {
            foreach (var recipe in stage.Recipes)
            {
                model = Train(session, recipe, model, Path.Combine(folder, recipe.Stage.Name));
            }

            using var policy = Policy.Load(model, device);
            results.Add(Look(session, folder, stage == stages[^1] ? "after" : "stage1", policy));
        }

        Finish(session, watch, folder, stages, results);
        return Program.Done;
    }

    // The assets of the program come from here; what training gives replaces them in assets/shapes.
    private static int Rebuild(Session session)
    {
        var watch = Stopwatch.StartNew();
        var folder = session.Value(Out) ?? Path.Combine("runs", "assets");
        session.OpenDevice();
        Directory.CreateDirectory(Path.Combine(folder, "base"));
        Policy.CopyCompanions(ModelFolder.Shipped("base"), Path.Combine(folder, "base"));
        new ShapesAssets(folder, Path.Combine(folder, "work"), session.Progress, session.Interrupt).Rebuild();
        var seconds = Math.Round(watch.Elapsed.TotalSeconds, 1);
        session.Print($"{folder}: base, captioner and perceptual, {seconds} s");
        session.Document(new { @out = folder, seconds });
        return Program.Done;
    }

    private static string FreeFolder() =>
        Enumerable.Range(2, int.MaxValue - 2).Select(i => $"{DefaultFolder}-{i}").Prepend(DefaultFolder).First(path => !Path.Exists(path) || (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any()));

    // Every stage begins from the folder that the one before wrote, so that a resumed demo begins from the same bits.
    private static string Train(Session session, Recipe recipe, string model, string path)
    {
        var folder = new RunFolder(path);
        using var data = ShapesData.For(recipe.Stage.Tasks);
        RunFolder.Open(path, resume: true, recipe, model, data);
        if (!File.Exists(folder.Summary))
        {
            using var policy = Policy.Load(model, session.OpenDevice());
            var watch = Stopwatch.StartNew();
            TrainCommand.AdapterOf(recipe, policy);
            TrainCommand.Train(session, recipe, policy, data, heldOut: null, folder);
            if (recipe.Lora is not null)
            {
                policy.MergeAdapter();
                policy.Save(folder.Policy, policy.Model.Dtype); // the next stage begins from whole weights
            }

            var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), TrainCommand.PeakMegabytes(), recipe.Stage.TotalSteps(data.Count), new Dictionary<string, ShapesResult>());
            AtomicFile.WriteText(folder.Summary, JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n"); // last: it marks the stage as done
        }

        return folder.Policy;
    }

    private static DemoResult Look(Session session, string folder, string name, Policy policy)
    {
        var file = Path.Combine(folder, $"{name}.json");
        if (File.Exists(file))
        {
            return JsonSerializer.Deserialize<DemoResult>(File.ReadAllText(file), Session.JsonStyle)!;
        }

        var result = DemoResult.Of(name, policy, session.Seed ?? 0, what =>
        {
            session.Interrupt.ThrowIfCancellationRequested();
            session.Progress($"{name}: {what}");
        });
        AtomicFile.WriteText(file, JsonSerializer.Serialize(result, Session.JsonStyle) + "\n");
        return result;
    }

    private static void Finish(Session session, Stopwatch watch, string folder, DemoStage[] stages, List<DemoResult> results)
    {
        var steps = stages.SelectMany(stage => stage.Recipes).Sum(recipe => recipe.Stage.TotalSteps(ShapesData.Rows));
        var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), TrainCommand.PeakMegabytes(), steps, results.ToDictionary(x => x.Name, x => x.Scores));
        AtomicFile.WriteText(Path.Combine(folder, "summary.json"), JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n");
        var report = Path.Combine(folder, "report.html");
        DemoReport.Write(report, session.Seed ?? 0, folder, stages, results, summary);
        foreach (var row in ShapesTable.Rows([.. results.Select(x => (x.Name, x.Scores))]))
        {
            session.Print($"{row[0],-28}{string.Concat(row[1..].Select(cell => cell.PadLeft(9)))}");
        }

        session.Print($"percent; {steps} steps in {summary.Seconds} s, {summary.PeakRssMb / 1000:F1} GB; curves, images and answers: {report}");
        session.Document(summary);
    }
}

/// <summary>A stage of the demo: one recipe after the other.</summary>
internal sealed record DemoStage(string Name, IReadOnlyList<Recipe> Recipes);
