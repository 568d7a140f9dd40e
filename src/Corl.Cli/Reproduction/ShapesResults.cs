namespace Corl.Cli.Reproduction;

/// <summary>Numbers of the Shapes world, measured when they are asked for.</summary>
internal sealed class ShapesResults(Reproducer reproducer, ShapesSize size) : IResultSource
{
    public string Explanation =>
        "The Shapes world in the place of the paper's model, data and benchmarks: a miniature, whose numbers compare with each other and not with the paper's. "
        + "Images are judged by ShapesEval and, with nothing else in them, strictly; answers tagged (right and in the answer block, sampled at temperature 1) and leniently (right in any form, greedy).";

    public IReadOnlyList<ResultColumn> Columns(Experiment experiment) =>
        [.. experiment.Columns.Select(column => new ResultColumn(column.Name, column.StandsFor, column.Role, column.Trials(size)))];

    public double? Percent(Experiment experiment, string run, ulong seed, int column)
    {
        var roles = Reproducer.Measured(experiment).Where(pair => pair.Run == run).Select(pair => pair.Role).ToList();
        return 100 * experiment.Columns[column].Value(reproducer.Measure(Experiments.Runs.Single(x => x.Name == run), seed, roles));
    }
}
