namespace Corl.Data;

/// <summary>One file of a data set.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Rows">How many rows it holds.</param>
public sealed record DataFile(string Path, long Bytes, int Rows);
