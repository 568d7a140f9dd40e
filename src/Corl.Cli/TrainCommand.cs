using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Distributed;
using Corl.Rollouts;
using Corl.Shapes;
using Corl.Training;

namespace Corl.Cli;

/// <summary>Trains as a recipe says: <c>corl train</c>, and what other commands that train share with it.</summary>
internal static class TrainCommand
{
    private static readonly Argument<string> RecipeFile = new("recipe") { Description = "A recipe file, or the name of one that ships with the program, for example shapes/unified" };
    private static readonly Option<string[]> DataPath = new("--data") { Description = "A .parquet or .jsonl file, a folder of them, or a pattern; several are read as one; default: rows of the Shapes world", HelpName = "path", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> EvalData = new("--eval-data") { Description = "Held-out rows for eval_steps; the Shapes world has its own", HelpName = "path" };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the run; default: runs/NAME", HelpName = "folder" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on with the run in --out" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of the recipe", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> NoEvaluation = new("--no-eval") { Description = "Skip the evaluation before and after (Shapes world only)" };

    /// <summary>The options of every command that trains by a recipe.</summary>
    public static IEnumerable<Option> Options => [ModelFolder.Option, ModelFolder.Adapter, DataPath, EvalData, Out, Resume, Set, NoEvaluation, .. TrainPlan.Options];

    public static Command Create()
    {
        var verb = new Verb("train", "Train a stage as a recipe says", "corl train recipes/unified.yaml --model ./Janus-Pro-1B --data train.parquet --out runs/unified --set batch_size=8",
            session => Run(session, () => Recipe.Load(session.Value(RecipeFile), Overrides(session))))
        {
            RecipeFile,
        };
        Options.ToList().ForEach(verb.Add);
        return verb;
    }

    /// <summary>The changes of <c>--set</c> and <c>--seed</c>.</summary>
    internal static string[] Overrides(Session session) => session.Seed is { } seed ? [.. session.Value(Set)!, $"seed={seed}"] : session.Value(Set)!;

    /// <summary>Runs a recipe as the command line says, with an evaluation before and after in the Shapes world; together with the processes that a launcher started.</summary>
    internal static int Run(Session session, Func<TrainingRecipe> recipe)
    {
        using var processes = ProcessGroups.Join();
        return processes.Guard(() => Run(session.Among(processes), recipe()), session.Report);
    }

    private static int Run(Session session, TrainingRecipe recipe)
    {
        var (watch, settings, paths) = (Stopwatch.StartNew(), recipe.Settings, session.Value(DataPath)!);
        if (TrainPlan.Check(session, recipe) is { } planned)
        {
            return planned;
        }

        using var data = paths.Length > 0 ? SampleSet.Open(paths, recipe.Columns) : recipe.ShapesRows();
        using var heldOut = session.Value(EvalData) is { } path ? SampleSet.Open(path, recipe.Columns) : null;
        CheckSame(session, recipe, data, heldOut);
        using var policy = ModelFolder.Load(session);
        var isShapes = paths.Length == 0 && policy.Model.Config.ImageSize == World.Size;
        if (settings.EvalSteps > 0 && heldOut is null && !isShapes)
        {
            throw new UserException($"eval_steps is {settings.EvalSteps}, but there is nothing to evaluate on; name held-out rows with --eval-data, or set eval_steps=0");
        }

        var folder = session.Processes.FirstThenOthers(() => RunFolder.Open(
            session.Value(Out) ?? Path.Combine("runs", settings.Name), session.Value(Resume) || !session.Processes.IsFirst(), recipe, ModelFolder.Title(session), data, heldOut));
        AdapterOf(recipe, policy);
        var evaluations = new Dictionary<string, ShapesResult>();
        void Evaluate(string when)
        {
            if (isShapes && !session.Value(NoEvaluation) && session.Processes.IsFirst())
            {
                evaluations[when] = ShapesResult.Of(policy, settings.Seed, ShapesSize.Full, session.Progress);
            }
        }

        Evaluate("before");
        Train(session, recipe, policy, data, heldOut, folder);
        if (!session.Processes.IsFirst())
        {
            return Program.Done; // the first one reports
        }

        Evaluate("after");
        var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), PeakMegabytes(), settings.TotalSteps(data.Count), evaluations);
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
    internal static void AdapterOf(TrainingRecipe recipe, Policy policy)
    {
        if (recipe.Lora is null)
        {
            policy.MergeAdapter();
        }
        else if (policy.Adapter is not { } present)
        {
            policy.AddAdapter(recipe.Lora, recipe.Settings.TrainableParts, recipe.Settings.Seed);
        }
        else if ((present.R, present.Alpha, present.Rslora, present.Dora) != (recipe.Lora.R, recipe.Lora.Alpha, recipe.Lora.Rslora, recipe.Lora.Dora))
        {
            throw new UserException($"the adapter has r {present.R}, alpha {present.Alpha}, rslora {present.Rslora}, dora {present.Dora}, the recipe's section lora others; training goes on with an adapter as it is, so give the same settings");
        }
    }

    /// <summary>Runs a recipe in its folder, showing how it goes.</summary>
    /// <param name="session">Where progress goes.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="policy">The policy, trained in place.</param>
    /// <param name="data">The rows.</param>
    /// <param name="heldOut">Rows to evaluate on; null for the Shapes world's own evaluation, where the recipe asks for one.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="goOn">How the user goes on with a run that was stopped.</param>
    internal static void Train(
        Session session, TrainingRecipe recipe, Policy policy, SampleSet data, SampleSet? heldOut, RunFolder folder, string goOn = "the same command with --resume goes on")
    {
        var settings = recipe.Settings;
        using var started = recipe.Start(session, policy, data, settings.EvalSteps > 0 ? heldOut : null, session.Processes.FirstThenOthers(() => TrainingRun.Latest(folder.Path)));
        var validation = started.Validation ?? (settings.EvalSteps > 0 ? ShapesValidation.Of(policy, settings) : null);
        var (trainer, view) = (started.Trainer, new TrainingView(session, settings.Name, settings.TotalSteps(data.Count)));
        if (trainer.StepsMade > 0)
        {
            session.Progress($"going on after step {trainer.StepsMade}");
        }

        try
        {
            Tell(session, TrainingRun.Run(trainer, folder.Path, validation, view.Show, session.Interrupt));
        }
        catch (OperationCanceledException)
        {
            session.Warn($"stopped after step {trainer.StepsMade}; {goOn}");
            throw;
        }
    }

    /// <summary>The largest memory of this process so far, in units of 10⁶ bytes.</summary>
    internal static double PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Round(process.PeakWorkingSet64 / 1e6, 1);
    }

    // Processes that train together have the same of everything.
    private static void CheckSame(Session session, TrainingRecipe recipe, SampleSet data, SampleSet? heldOut)
    {
        var processes = session.Processes;
        if (processes.Size > 1)
        {
            var names = processes.GatherAs($"{processes.Rank} on {Environment.MachineName} (process id {Environment.ProcessId})");
            session.Progress($"{processes.Size} processes: {string.Join(", ", names)}"); // a launcher may name one that died by its id alone
            processes.CheckSame("recipe", recipe.ToYaml());
            processes.CheckSame("fingerprint of the data", $"{data.Fingerprint} {heldOut?.Fingerprint}");
            processes.CheckSame("version", $"{typeof(TrainCommand).Assembly.GetName().Version} with libtorch {Devices.TorchVersion}");
        }
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
