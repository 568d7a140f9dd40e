namespace Corl.Data;

/// <summary>Consecutive rows of a Parquet file in memory.</summary>
/// <param name="First">The first row's number in the file.</param>
/// <param name="Rows">The stored parts of each row.</param>
/// <param name="Bytes">Their size.</param>
internal sealed record RowBlock(int First, RawRow[] Rows, long Bytes);
