using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Corl.Cli.Recipes;
using Corl.Cli.Reproduction;

namespace Corl.Cli;

/// <summary>Makes a figure or a table of the paper again, in the Shapes world or with a real model on the paper's data.</summary>
internal static class ReproduceCommand
{
    private const int MaxSeeds = 100;
    private const double MeasureSeconds = 10; // of one model in the Shapes world on two idle cores, as measured in the demo
    private static readonly string[] Small = ["steps=2", "batch_size=2", "micro_batch_size=0", "warmup_steps=0"];
    private static readonly string[] Known = [.. Experiments.All.Select(experiment => experiment.Id), "all"];

    private static readonly Argument<string[]> What = new("what") { Description = $"{string.Join(", ", Known)}", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<string> Out = new("--out") { Description = "Folder of the runs and tables; what is finished there is kept, what was begun goes on", DefaultValueFactory = _ => Path.Combine("runs", "reproduce"), HelpName = "folder" };
    private static readonly Option<int> Seeds = new("--seeds") { Description = "How many seeds, from --seed on", DefaultValueFactory = _ => 1, HelpName = "n" };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder with the paper's data sets x2x_rft_22k, x2x_rft_16k, mcot_r1_mcq, mcot_r1_vqa; default: the Shapes world", HelpName = "folder" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of every recipe that has it", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Quick = new("--quick") { Description = "Two small steps of each run and small evaluations, to see that everything works" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be done" };

    public static Command Create() => new Verb("reproduce", "Make a figure or a table of the paper again", "corl reproduce fig1 table3 table4 --seeds 3 --out runs/reproduce", Run)
    {
        What, Seeds, Out, ModelFolder.Option, Data, Set, Quick, DryRun,
    };

    private static int Run(Session session)
    {
        var watch = Stopwatch.StartNew();
        var experiments = Chosen(session);
        var (count, first, isQuick, data) = (session.Value(Seeds), session.Seed ?? 0, session.Value(Quick), session.Value(Data));
        if (count is < 1 or > MaxSeeds)
        {
            throw new UserException($"--seeds {count}: expected 1 to {MaxSeeds}");
        }

        if (data is null != session.Value(ModelFolder.Option) is null)
        {
            throw new UserException("--model and --data belong together: a real model trains on the paper's data sets; without both the Shapes world is used");
        }

        string[] changes = [.. isQuick ? Small : [], .. session.Value(Set)!];
        var size = isQuick ? new ShapesSize(1, 2) : ShapesSize.Full;
        var reproducer = new Reproducer(session, new ReproduceSettings(session.Value(Out)!, ModelFolder.Of(session), data, changes, size));
        ulong[] seeds = [.. Enumerable.Range(0, count).Select(i => first + (ulong)i)];
        var runs = Reproducer.Needed(experiments);
        Plan(session, reproducer, runs, seeds);
        if (session.Value(DryRun))
        {
            return Program.Done;
        }

        foreach (var (seed, run) in seeds.SelectMany(seed => runs.Select(run => (seed, run))))
        {
            reproducer.Make(run, seed);
        }

        var source = data is null ? (IResultSource)new ShapesResults(reproducer, size) : new BenchmarkResults(session, reproducer);
        var results = experiments.Select(experiment => Collected(experiment, source, seeds)).ToList();
        var command = $"corl reproduce {string.Join(' ', session.Value(What))} --seeds {count} --seed {first}{(isQuick ? " --quick" : "")}{string.Concat(session.Value(Set)!.Select(set => $" --set {set}"))}";
        ReproductionReport.Write(session.Value(Out)!, results, Explanation(count, source.Explanation), command);
        Show(session, results, watch.Elapsed);
        return Program.Done;
    }

    private static List<Experiment> Chosen(Session session)
    {
        var names = session.Value(What);
        if (names.FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
        {
            throw new UserException($"unknown figure or table '{unknown}'; {NearestKey.Suggest(unknown, Known)}");
        }

        return [.. Experiments.All.Where(experiment => names.Contains(experiment.Id) || names.Contains("all"))];
    }

    // Counts the runs and, where it is known how long a step takes, the minutes.
    private static void Plan(Session session, Reproducer reproducer, IReadOnlyList<ExperimentRun> runs, ulong[] seeds)
    {
        var seconds = 0.0;
        foreach (var run in runs)
        {
            var open = seeds.Count(seed => !reproducer.IsDone(run, seed));
            var steps = 0L;
            if (run.Kind is RunKind.Reinforce or RunKind.Sft)
            {
                var recipe = reproducer.Recipe(run, seeds[0]);
                using var data = reproducer.Open(run, recipe);
                steps = recipe.Settings.TotalSteps(data.Count);
            }

            seconds += (open * steps * run.SecondsPerStep) + (seeds.Length * MeasureSeconds);
            session.Progress($"{run.Name,-24}{(steps == 0 ? "" : $"{steps} steps"),12}  {(run.From.Count == 0 ? "" : $"from {string.Join(", ", run.From)}"),-45}{(open == 0 ? run.Kind == RunKind.Base ? "" : "done" : $"{open} to do")}");
        }

        var estimate = session.Value(Data) is null ? string.Create(CultureInfo.InvariantCulture, $", about {seconds / 60:F0} minutes on two idle cores") : "";
        session.Progress($"{runs.Count} models of {seeds.Length} {(seeds.Length == 1 ? "seed" : "seeds")}, each made once{estimate}");
    }

    private static ExperimentResults Collected(Experiment experiment, IResultSource source, ulong[] seeds)
    {
        var columns = source.Columns(experiment);
        return new ExperimentResults(
            experiment,
            columns,
            [
                .. experiment.Rows.Select(row => (IReadOnlyList<IReadOnlyList<double>>)
                [
                    .. columns.Select((column, c) => (IReadOnlyList<double>)[.. row.RunFor(column.Role) is { } run ? seeds.Select(seed => source.Percent(experiment, run, seed, c)).OfType<double>() : []]),
                ]),
            ]);
    }

    private static string Explanation(int seeds, string what) =>
        $"{what} {(seeds == 1 ? "One seed; percent ± the standard error of the sample." : $"Mean of {seeds} seeds in percent ± the standard error over them.")}";

    private static void Show(Session session, List<ExperimentResults> results, TimeSpan time)
    {
        foreach (var result in results)
        {
            session.Print(result.Experiment.Title);
            session.Print($"{"",-28}{string.Concat(result.Columns.Select(column => column.Name.PadLeft(20)))}");
            foreach (var (r, row) in result.Experiment.Rows.Index())
            {
                session.Print($"{row.Name,-28}{string.Concat(result.Columns.Select((_, c) => (result.Of(r, c) is { } measure ? measure.Mean.ToString("F1", CultureInfo.InvariantCulture) : "/").PadLeft(20)))}");
            }

            foreach (var outcome in result.Experiment.Claims.Select(result.Check))
            {
                session.Print($"  {outcome.Claim.Text}: {outcome.Verdict}");
            }
        }

        var page = Path.Combine(session.Value(Out)!, ReproductionReport.Page);
        session.Print($"percent; {time.TotalSeconds:F0} s; tables, numbers and figures: {page}");
        session.Document(new
        {
            page,
            seconds = Math.Round(time.TotalSeconds, 1),
            experiments = results.Select(result => new
            {
                id = result.Experiment.Id,
                columns = result.Columns.Select(column => column.Name),
                rows = result.Experiment.Rows.Select((row, r) => new { name = row.Name, values = result.Columns.Select((_, c) => result.Of(r, c)?.Mean), errors = result.Columns.Select((_, c) => result.Of(r, c)?.StandardError) }),
                claims = result.Experiment.Claims.Select(result.Check).Select(outcome => new { text = outcome.Claim.Text, verdict = outcome.Verdict }),
            }),
        });
    }
}
