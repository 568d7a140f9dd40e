namespace Corl.Data;

/// <summary>B usable rows in training order.</summary>
/// <param name="Samples">[B] the rows.</param>
/// <param name="Next">The position after the last row read for this batch; batches taken from there go on as these would.</param>
/// <param name="Epoch">Which pass over the data the first row belongs to, from 0, with the share of the pass done before it.</param>
public sealed record SampleBatch(IReadOnlyList<Sample> Samples, long Next, double Epoch)
{
    /// <summary>Rows that were skipped on the way to this batch's rows, each time they are met.</summary>
    public long Skipped { get; init; }
}
