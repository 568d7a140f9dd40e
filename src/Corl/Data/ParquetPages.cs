using Microsoft.Win32.SafeHandles;

namespace Corl.Data;

/// <summary>
/// Walks the page headers of a Parquet column before the native reader sees them: that reader allocates what a page claims to hold.
/// Structure: parquet.thrift of the Apache Parquet format. Errors are <see cref="InvalidDataException"/>; the caller names the file.
/// </summary>
internal static class ParquetPages
{
    private const int MaxHeader = 1 << 24; // the native reader's own limit
    private const int FreeBytes = 1 << 24; // a page of up to 16 MB may be compressed however well
    private const int MaxRatio = 1_000;    // above that: what deflate reaches on zeros, and no text does
    private static readonly int[] HeaderReads = [1 << 12, 1 << 16, 1 << 20, MaxHeader]; // headers are short unless they hold long statistics

    /// <summary>Walks the page headers of a column chunk and refuses sizes that the file cannot hold.</summary>
    public static void Check(SafeFileHandle handle, ColumnChunk chunk)
    {
        var end = chunk.Offset + chunk.CompressedBytes;
        for (var at = chunk.Offset; at < end;)
        {
            var page = ReadPageHeader(handle, at, end);
            var body = at + page.HeaderBytes;
            if (page.CompressedBytes < 0 || page.Bytes < 0 || page.CompressedBytes > end - body)
            {
                throw new InvalidDataException($"a page of {page.CompressedBytes:N0} bytes at {at:N0}, where {end - body:N0} are left");
            }

            if (page.Bytes > FreeBytes && page.Bytes / MaxRatio > page.CompressedBytes)
            {
                throw new InvalidDataException($"a page of {page.CompressedBytes:N0} bytes at {at:N0} claims to hold {page.Bytes:N0}");
            }

            if (page.DictionaryValues < 0 || page.DictionaryValues > 8 * page.Bytes)
            {
                throw new InvalidDataException($"a dictionary of {page.DictionaryValues:N0} values in {page.Bytes:N0} bytes at {at:N0}");
            }

            at = body + page.CompressedBytes;
        }
    }

    private readonly record struct PageHeader(int HeaderBytes, long Bytes, long CompressedBytes, long DictionaryValues);

    private static PageHeader ReadPageHeader(SafeFileHandle handle, long at, long end)
    {
        foreach (var size in HeaderReads)
        {
            var bytes = Bytes(handle, at, (int)Math.Min(size, end - at));
            try
            {
                return ParsePageHeader(bytes);
            }
            catch (EndOfStreamException) when (bytes.Length < end - at && size < MaxHeader)
            {
                // a longer header than was read: try with more
            }
        }

        throw new InvalidDataException($"a page header of more than {MaxHeader:N0} bytes at {at:N0}");
    }

    private static PageHeader ParsePageHeader(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftReader(bytes);
        long size = -1, compressed = -1, dictionary = 0;
        var id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id, type)
            {
                case (2, ThriftReader.Int32):
                    size = reader.Integer();
                    break;
                case (3, ThriftReader.Int32):
                    compressed = reader.Integer();
                    break;
                case (7, ThriftReader.Struct):
                    var inner = 0;
                    while (reader.NextField(ref inner, out var innerType))
                    {
                        if (inner == 1 && innerType == ThriftReader.Int32)
                        {
                            dictionary = reader.Integer();
                        }
                        else
                        {
                            reader.Skip(innerType);
                        }
                    }

                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new PageHeader(reader.Position, size, compressed, dictionary);
    }

    /// <summary>Bytes of a file at a place; the caller has held both against the file's size.</summary>
    internal static byte[] Bytes(SafeFileHandle handle, long offset, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var got = RandomAccess.Read(handle, bytes.AsSpan(read), offset + read);
            read += got > 0 ? got : throw new EndOfStreamException("the file became shorter while it was read");
        }

        return bytes;
    }
}
