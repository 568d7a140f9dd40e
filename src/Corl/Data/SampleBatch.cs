namespace Corl.Data;

/// <summary>B usable rows in training order.</summary>
/// <param name="Samples">[B] the rows.</param>
/// <param name="Next">The position after the last row read for this batch; batches taken from there go on as these would.</param>
/// <param name="Epoch">Which pass over the data the first row belongs to, from 0, with the share of the pass done before it.</param>
/// <param name="Skipped">The rows that were met for this batch and could not be used: the same whether or not the run was interrupted.</param>
public sealed record SampleBatch(IReadOnlyList<Sample> Samples, long Next, double Epoch, IReadOnlyList<BadRow> Skipped);
