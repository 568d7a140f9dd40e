using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Grpo;
using Corl.Rollouts;
using Corl.Training;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>Trains one stage as a recipe says.</summary>
internal static class TrainCommand
{
    private static readonly Argument<string> RecipeFile = new("recipe") { Description = "A recipe file, or the name of one that ships with the program, for example shapes/unified" };
    private static readonly Option<string?> DataPath = new("--data") { Description = "A .parquet or .jsonl file, a folder of them, or a pattern; default: rows of the Shapes world", HelpName = "path" };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the run; default: runs/NAME", HelpName = "folder" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on with the run in --out" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of the recipe", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> NoEvaluation = new("--no-eval") { Description = "Skip the evaluation before and after (Shapes world only)" };

    public static Command Create() => new Verb("train", "Train a stage as a recipe says", "corl train recipes/unified.yaml --model ./Janus-Pro-1B --data train.parquet --out runs/unified --set batch_size=8", Run)
    {
        RecipeFile, ModelFolder.Option, ModelFolder.Adapter, DataPath, Out, Resume, Set, NoEvaluation,
    };

    private static int Run(Session session)
    {
        var watch = Stopwatch.StartNew();
        string[] overrides = session.Seed is { } seed ? [.. session.Value(Set)!, $"seed={seed}"] : session.Value(Set)!;
        var recipe = Recipe.Load(session.Value(RecipeFile), overrides);
        using var data = session.Value(DataPath) is { } path ? SampleSet.Open(path, recipe.Columns) : ShapesData.For(recipe.Stage.Tasks);
        using var policy = ModelFolder.Load(session);
        var folder = RunFolder.Open(session.Value(Out) ?? Path.Combine("runs", recipe.Stage.Name), session.Value(Resume), recipe, ModelFolder.Title(session), data);
        AdapterOf(recipe, policy);
        var evaluates = session.Value(DataPath) is null && policy.Model.Config.ImageSize == World.Size && !session.Value(NoEvaluation);
        var evaluations = new Dictionary<string, ShapesResult>();
        if (evaluates)
        {
            evaluations["before"] = ShapesResult.Of(policy, recipe.Stage.Seed, ShapesSize.Full, session.Progress);
        }

        Train(session, recipe, policy, data, folder);
        if (evaluates)
        {
            evaluations["after"] = ShapesResult.Of(policy, recipe.Stage.Seed, ShapesSize.Full, session.Progress);
        }

        var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), PeakMegabytes(), recipe.Stage.TotalSteps(data.Count), evaluations);
        AtomicFile.WriteText(folder.Summary, JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n");
        TrainReport.Write(folder, recipe, summary);
        session.Print($"{summary.Steps} steps, {summary.Seconds} s; {(recipe.Lora is null ? $"the model is in {folder.Policy}" : $"the adapter is in {folder.Adapter}")}");
        session.Document(summary);
        return Program.Done;
    }

    /// <summary>
    /// Makes ready what is trained: the adapter that is there, or a new one, where the recipe has a section lora; otherwise all weights,
    /// with the adapter of <c>--adapter</c> merged into them.
    /// </summary>
    internal static void AdapterOf(Recipe recipe, Policy policy)
    {
        if (recipe.Lora is null)
        {
            policy.MergeAdapter();
        }
        else if (policy.Adapter is not { } present)
        {
            policy.AddAdapter(recipe.Lora, recipe.Stage.TrainableParts, recipe.Stage.Seed);
        }
        else if ((present.R, present.Alpha, present.Rslora, present.Dora) != (recipe.Lora.R, recipe.Lora.Alpha, recipe.Lora.Rslora, recipe.Lora.Dora))
        {
            throw new UserException($"the adapter has r {present.R}, alpha {present.Alpha}, rslora {present.Rslora}, dora {present.Dora}, the recipe's section lora others; training goes on with an adapter as it is, so give the same settings");
        }
    }

    /// <summary>Runs a stage in its folder, showing how it goes.</summary>
    internal static void Train(Session session, Recipe recipe, Policy policy, SampleSet data, RunFolder folder)
    {
        using var judges = RewardModels.Load(session, recipe, policy);
        var view = new TrainingView(session, recipe.Stage.Name, recipe.Stage.TotalSteps(data.Count));
        using var trainer = new GrpoTrainer(policy, recipe.Stage, judges.Sum, data, TrainingRun.Latest(folder.Path));
        if (trainer.StepsMade > 0)
        {
            session.Progress($"going on after step {trainer.StepsMade}");
        }

        try
        {
            Tell(session, TrainingRun.Run(trainer, folder.Path, null, view.Show, session.Interrupt));
        }
        catch (OperationCanceledException)
        {
            session.Warn($"stopped after step {trainer.StepsMade}; the same command with --resume goes on");
            throw;
        }
    }

    /// <summary>The largest memory of this process so far, in units of 10⁶ bytes.</summary>
    internal static double PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Round(process.PeakWorkingSet64 / 1e6, 1);
    }

    private static void Tell(Session session, IReadOnlyList<BadRow> skipped)
    {
        const int Shown = 10;
        if (skipped.Count > 0)
        {
            session.Warn($"{skipped.Count} rows of the data could not be used{(skipped.Count > Shown ? $", among them the first {Shown}" : "")}:");
        }

        foreach (var row in skipped.Take(Shown))
        {
            session.Warn($"  {row.Row}: {row.Reason}");
        }
    }
}

/// <summary>summary.json, and the document of <c>corl train --json</c> and <c>corl demo --json</c>; its names stay.</summary>
/// <param name="Seconds">Wall time of the command.</param>
/// <param name="PeakRssMb">Largest memory of the process.</param>
/// <param name="Steps">Updates of the policy.</param>
/// <param name="Eval">Results "before", after "stage1", and "after"; empty where nothing could be evaluated.</param>
internal sealed record RunSummary(double Seconds, double PeakRssMb, long Steps, IReadOnlyDictionary<string, ShapesResult> Eval);
