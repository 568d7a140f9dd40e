namespace Corl.Evaluation;

/// <summary>A benchmark over its data: what a model is given, and how what it made is scored.</summary>
internal interface IBenchmark
{
    /// <summary>Its name on the command line and in files, for example "mmmu".</summary>
    string Name { get; }

    /// <summary>Whose rules score, and of which date, for example "vlmevalkit-2025-05".</summary>
    string Profile { get; }

    /// <summary>Identifies the data; a run over other data is not resumed.</summary>
    string DataChecksum { get; }

    /// <summary>What is asked, in the order of the data. Ids differ.</summary>
    IReadOnlyList<EvalItem> Items { get; }

    /// <summary>Scores predictions, some or all, in any order. The result does not depend on the order.</summary>
    /// <param name="predictions">At most one for each item.</param>
    /// <param name="interrupt">Ends the waiting for a judge.</param>
    /// <exception cref="UserException">The rules need a judge and there is none, or a prediction belongs to no item.</exception>
    Task<BenchmarkResult> Score(IReadOnlyList<Prediction> predictions, CancellationToken interrupt);
}
