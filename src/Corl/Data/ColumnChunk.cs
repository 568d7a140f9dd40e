namespace Corl.Data;

/// <summary>Where the pages of one column of one row group are.</summary>
/// <param name="Offset">First byte in the file.</param>
/// <param name="CompressedBytes">Bytes in the file.</param>
/// <param name="Bytes">Bytes when decompressed.</param>
internal readonly record struct ColumnChunk(long Offset, long CompressedBytes, long Bytes);
