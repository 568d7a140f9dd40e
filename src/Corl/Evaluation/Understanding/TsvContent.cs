namespace Corl.Evaluation.Understanding;

/// <summary>Where a field stands in its file, for fields too large to keep.</summary>
/// <param name="Start">First byte of the content.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="IsQuoted">Whether a doubled quotation mark in it means one.</param>
internal readonly record struct FieldSpan(long Start, long Length, bool IsQuoted);

/// <summary>A tab-separated file that has been read.</summary>
/// <param name="Table">All columns but the large one.</param>
/// <param name="Large">The large column's fields; those of at most <see cref="TsvReader.ShortField"/> bytes are in <paramref name="Table"/> too. Empty without such a column.</param>
/// <param name="Md5">Checksum of the file, hexadecimal.</param>
internal sealed record TsvContent(KitTable Table, IReadOnlyList<FieldSpan> Large, string Md5);
