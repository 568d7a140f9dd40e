using Corl.Evaluation;
using Corl.Reports;

namespace Corl.Cli.Reproduction;

/// <summary>Results of the paper's benchmarks that <c>corl eval</c> left in the folders of the runs: eval/NAME/result.json.</summary>
internal sealed class BenchmarkResults(Session session, Reproducer reproducer) : IResultSource
{
    private const int MaxBytes = 1 << 24; // ours: real ones have some ten kilobytes

    // Columns of the paper's tables by kind; the parts of a benchmark have no result of their own.
    private static readonly (ColumnRole Role, string[] Names)[] Benchmarks =
    [
        (ColumnRole.Image, ["GenEval", "DPG", "WISE"]),
        (ColumnRole.MultipleChoice, ["MMMU", "MMStar", "WeMath"]),
        (ColumnRole.OpenEnded, ["MMVet", "POPE", "LogicVista"]),
        (ColumnRole.Mixed, ["MathVista", "MathVerse", "MathVision"]),
    ];

    private static readonly string[] Shares = ["geneval", "wise"]; // from 0 to 1 in their own tables; the others are percent

    private readonly HashSet<string> _missing = [];

    public string Explanation => "The paper's benchmarks, as corl eval scores them; a number that is missing has not been evaluated yet.";

    public IReadOnlyList<ResultColumn> Columns(Experiment experiment)
    {
        var paper = PaperTables.Of(experiment.Id == "fig1" ? "table3" : experiment.Id).Columns; // the figure has the axes of Table 3
        return [.. from name in paper from benchmark in Benchmarks where benchmark.Names.Contains(name) select new ResultColumn(name, name, benchmark.Role, null)];
    }

    public double? Percent(Experiment experiment, string run, ulong seed, int column)
    {
        var made = Experiments.Runs.Single(x => x.Name == run);
        var benchmark = Columns(experiment)[column].Name.ToLowerInvariant();
        var folder = Path.Combine(reproducer.FolderOf(made, seed), "eval", benchmark);
        var file = Path.Combine(folder, ResultFiles.Result);
        if (!File.Exists(file))
        {
            if (_missing.Add(file))
            {
                session.Warn($"no result yet: corl eval {benchmark} --model {reproducer.ModelOf(run, seed)} --out {folder}");
            }

            return null;
        }

        return JsonAt.Open(file, MaxBytes).Find("overall")?.Number() * (Shares.Contains(benchmark) ? 100 : 1);
    }
}
