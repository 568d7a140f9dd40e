using System.Diagnostics;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Merging;
using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli.Reproduction;

/// <summary>What a reproduction runs with.</summary>
/// <param name="Folder">Where the runs and the tables go.</param>
/// <param name="Model">Folder of the base model.</param>
/// <param name="Data">Folder of the paper's data sets; null for the Shapes world.</param>
/// <param name="Overrides">Changes to every recipe.</param>
/// <param name="Size">How much of the Shapes world's benchmarks is run.</param>
internal sealed record ReproduceSettings(string Folder, string Model, string? Data, IReadOnlyList<string> Overrides, ShapesSize Size);

/// <summary>Makes the runs of experiments, each once, and measures their models. What is finished is read back; what was begun goes on.</summary>
internal sealed class Reproducer(Session session, ReproduceSettings settings)
{
    private static readonly Dictionary<string, ExperimentRun> Runs = Experiments.Runs.ToDictionary(run => run.Name);

    /// <summary>The runs that experiments need, each behind those it begins from.</summary>
    public static IReadOnlyList<ExperimentRun> Needed(IEnumerable<Experiment> experiments)
    {
        HashSet<string> needed = [];
        void Add(string name)
        {
            if (needed.Add(name))
            {
                Runs[name].From.ToList().ForEach(Add);
            }
        }

        experiments.SelectMany(Measured).Select(pair => pair.Run).ToList().ForEach(Add);
        return [.. Experiments.Runs.Where(run => needed.Contains(run.Name))];
    }

    /// <summary>Every run that is measured, with the kinds of columns it is measured for.</summary>
    public static IEnumerable<(string Run, ColumnRole Role)> Measured(Experiment experiment) =>
        (from row in experiment.Rows
         from role in experiment.Columns.Select(column => column.Role).Distinct()
         let run = row.RunFor(role)
         where run is not null
         select (run, role)).Distinct();

    /// <summary>The recipe of a run with all changes.</summary>
    public TrainingRecipe Recipe(ExperimentRun run, ulong seed)
    {
        var name = settings.Data is null ? $"shapes/{run.Recipe}" : run.Recipe;
        string[] changes = [.. run.Overrides, .. settings.Overrides, $"name={run.Name}", $"seed={seed}"];
        if (run.Kind == RunKind.Sft)
        {
            return SftRecipe.Load(name, changes.Where(YamlBinder.Knows<SftRecipe>));
        }

        string[] spice = settings.Data is null ? ["judges.spice=shapes"] : []; // sets, as the paper; multisets, which are ours, are left to --set
        return Recipes.Recipe.Load(name, [.. spice, .. changes]);
    }

    /// <summary>Where a run's folder is.</summary>
    public string FolderOf(ExperimentRun run, ulong seed) => Path.Combine(settings.Folder, $"seed-{seed}", run.Name);

    /// <summary>Where a run's finished model is.</summary>
    public string ModelOf(string name, ulong seed) => Runs[name] is { Kind: not RunKind.Base } run ? new RunFolder(FolderOf(run, seed)).Policy : settings.Model;

    /// <summary>Whether there is nothing left to train.</summary>
    public bool IsDone(ExperimentRun run, ulong seed) => run.Kind == RunKind.Base || File.Exists(new RunFolder(FolderOf(run, seed)).Summary);

    /// <summary>Makes a run, from where it stands; of a finished one only checks that it was made with the same settings.</summary>
    /// <exception cref="UserException">The folder holds another run.</exception>
    public void Make(ExperimentRun run, ulong seed)
    {
        if (run.Kind is RunKind.Merge)
        {
            Finish(run, seed, folder => Merge(run, seed, folder));
        }
        else if (run.Kind is not RunKind.Base)
        {
            var (recipe, model, folder) = (Recipe(run, seed), ModelOf(run.From[0], seed), FolderOf(run, seed));
            using var data = Open(run, recipe);
            RunFolder.Open(folder, resume: true, recipe, model, data);
            Finish(run, seed, started => Train(run, recipe, model, data, started));
        }
    }

    /// <summary>Measures a finished run in the Shapes world, as far as the kinds of columns ask; what was measured before is read back.</summary>
    public ShapesMeasures Measure(ExperimentRun run, ulong seed, IReadOnlyCollection<ColumnRole> roles)
    {
        var folder = FolderOf(run, seed);
        Policy? policy = null;
        ShapesPlayer Player() => new(policy ??= Policy.Load(ModelOf(run.Name, seed), session.OpenDevice()), seed);
        ShapesQaScores Answers(string name, bool greedy) =>
            Kept(Path.Combine(folder, $"eval-{name}.json"), run, $"answering questions, {name}", () => ShapesQa.Run(Player().Answer, greedy, settings.Size.QuestionsPerType));
        try
        {
            var images = !roles.Contains(ColumnRole.Image) ? null
                : Kept(Path.Combine(folder, "eval-images.json"), run, "painting", () => ShapesEval.Run(Player().Paint, settings.Size.PromptsPerTask));
            return roles.All(role => role == ColumnRole.Image)
                ? new ShapesMeasures(images, null, null)
                : new ShapesMeasures(images, Answers("greedy", greedy: true), Answers("sampled", greedy: false));
        }
        finally
        {
            policy?.Dispose();
        }
    }

    /// <summary>The data of a run.</summary>
    /// <exception cref="UserException">A data set is not there.</exception>
    public SampleSet Open(ExperimentRun run, TrainingRecipe recipe)
    {
        if (settings.Data is not { } root)
        {
            return recipe.ShapesRows();
        }

        string Find(string name) =>
            Directory.Exists(root) && Directory.EnumerateDirectories(root, name + "*").Order(StringComparer.Ordinal).FirstOrDefault() is { } folder ? folder
            : throw new UserException($"--data {root}: expected a folder {name} in it, with the rows that {run.Name} trains on");
        return SampleSet.Open([.. run.Data.Select(Find)], recipe.Columns);
    }

    private T Kept<T>(string file, ExperimentRun run, string what, Func<T> measure)
    {
        if (File.Exists(file))
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(file), Session.JsonStyle)!;
        }

        session.Interrupt.ThrowIfCancellationRequested();
        session.Progress($"{run.Name}: {what}");
        var result = measure();
        AtomicFile.WriteText(file, JsonSerializer.Serialize(result, Session.JsonStyle) + "\n");
        return result;
    }

    private void Finish(ExperimentRun run, ulong seed, Func<RunFolder, long> make)
    {
        if (IsDone(run, seed))
        {
            return;
        }

        session.Interrupt.ThrowIfCancellationRequested();
        var (watch, folder) = (Stopwatch.StartNew(), new RunFolder(FolderOf(run, seed)));
        var steps = make(folder);
        var summary = new RunSummary(Math.Round(watch.Elapsed.TotalSeconds, 1), TrainCommand.PeakMegabytes(), steps, new Dictionary<string, ShapesResult>());
        AtomicFile.WriteText(folder.Summary, JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n"); // last: it marks the run as done
    }

    private long Train(ExperimentRun run, TrainingRecipe recipe, string model, SampleSet data, RunFolder folder)
    {
        using var policy = Policy.Load(model, session.OpenDevice());
        var steps = recipe.Settings.TotalSteps(data.Count);
        session.Progress($"{run.Name}: {steps} steps from {run.From[0]}");
        TrainCommand.Train(session, recipe, policy, data, heldOut: null, folder, "the same command goes on");
        return steps;
    }

    // The experts' common origin is what the first of them began from.
    private long Merge(ExperimentRun run, ulong seed, RunFolder folder)
    {
        session.Progress($"{run.Name}: merging {string.Join(" and ", run.From)}");
        var config = MergeConfig.Of(MergeMethod.Gaussian, ModelOf(Runs[run.From[0]].From[0], seed), run.From.Select(from => ModelOf(from, seed)));
        if (Directory.Exists(folder.Policy))
        {
            Directory.Delete(folder.Policy, recursive: true); // a merge that was killed
        }

        using var models = new MergeModels(config, null);
        var merge = new CheckpointMerge(config, models.Sources, seed, session.OpenDevice());
        merge.Write(folder.Policy);
        models.CopyCompanions(folder.Policy, merge.Tensors);
        return 0;
    }
}
