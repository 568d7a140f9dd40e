using System.CommandLine;
using Corl.Evaluation.Understanding;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>Writes data sets of the Shapes world in the file formats of the benchmarks.</summary>
internal static class BenchmarkDataCommand
{
    private static readonly Argument<string> Name = new("name") { Description = "The benchmark, as in corl eval" };
    private static readonly Argument<int> Count = new("rows") { Description = "How many rows" };
    private static readonly Option<string> Out = new("--out") { Description = "The file to write", Required = true, HelpName = "file" };

    public static Command Create() =>
        new Verb("benchmark", "Write a data set of the Shapes world in the file format of a benchmark", "corl data benchmark mmmu 40 --out MMMU_DEV_VAL.tsv", Run) { Name, Count, Out };

    private static int Run(Session session)
    {
        var (name, count, path) = (session.Value(Name), session.Value(Count), session.Value(Out)!);
        var task = KitTask.All.FirstOrDefault(task => task.Name == name)
            ?? throw new UserException($"{Quoted.Line(name)}: no such benchmark; expected {string.Join(", ", KitTask.All.Select(task => task.Name))}");
        if (count is < 1 or > 100_000) // the seeds of a data set end there
        {
            throw new UserException($"{count} rows: expected 1 to 100,000");
        }

        ShapesBenchmarks.Write(path, task, count, session.Seed ?? 0);
        session.Print($"{path}: {count} rows in the format of {task.Title}");
        session.Document(new { @out = path, rows = count, benchmark = name });
        return Program.Done;
    }
}
