namespace Corl.Data;

/// <summary>One row group of a Parquet file.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Chunks">Its columns, in the order of the schema's leaves.</param>
internal sealed record RowGroup(int Rows, ColumnChunk[] Chunks);
