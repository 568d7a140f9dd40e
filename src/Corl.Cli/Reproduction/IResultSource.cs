namespace Corl.Cli.Reproduction;

/// <summary>Where the numbers of an experiment come from: the Shapes world's own benchmarks, or results of the paper's.</summary>
internal interface IResultSource
{
    /// <summary>What the numbers are, in a sentence.</summary>
    string Explanation { get; }

    /// <summary>The columns of an experiment.</summary>
    IReadOnlyList<ResultColumn> Columns(Experiment experiment);

    /// <summary>The number of a run in a column, in percent; null where there is none yet.</summary>
    double? Percent(Experiment experiment, string run, ulong seed, int column);
}
