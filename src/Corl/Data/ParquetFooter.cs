using System.Buffers.Binary;
using System.Text;

namespace Corl.Data;

/// <summary>
/// Reads the footer of a Parquet file before the native reader sees it: that reader believes the depth of a schema, and a deep one
/// overflows its stack and ends the process. Structure: parquet.thrift of the Apache Parquet format.
/// </summary>
internal static class ParquetFooter
{
    private const int MaxFooter = 1 << 26;          // 64 MB; a shard of 1,000 row groups needs less than 1 MB
    private const int MaxSchemaDepth = 32;          // ours
    private const int MaxSchemaElements = 10_000;   // ours
    private const int MaxRows = 50_000_000;         // ours: two thousand times the largest set of the paper; an order of rows takes 4 bytes each

    /// <summary>Reads and checks the footer.</summary>
    public static RowGroup[] Read(string path, string name)
    {
        using var handle = File.OpenHandle(path);
        var size = RandomAccess.GetLength(handle);
        var head = ParquetPages.Bytes(handle, 0, (int)Math.Min(size, 48));
        if (size < 12 || !head.AsSpan(0, 4).SequenceEqual("PAR1"u8))
        {
            throw new UserException($"{name}: not a Parquet file ({Describe(head, size)})");
        }

        var tail = ParquetPages.Bytes(handle, size - 8, 8);
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8))
        {
            throw new UserException(tail.AsSpan(4).SequenceEqual("PARE"u8)
                ? $"{name}: an encrypted Parquet file, which cannot be read; decrypt it first"
                : $"{name}: a Parquet file without its end ({size:N0} bytes): it was cut off or is still being written; download it again");
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > size - 12 || length > MaxFooter)
        {
            throw new UserException($"{name}: a damaged Parquet file: its footer claims {length:N0} bytes in a file of {size:N0}");
        }

        try
        {
            return ReadMetadata(ParquetPages.Bytes(handle, size - 8 - length, (int)length), size);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new UserException($"{name}: a damaged Parquet file: its footer cannot be read ({e.Message})", e);
        }
    }

    private static RowGroup[] ReadMetadata(ReadOnlySpan<byte> footer, long fileSize)
    {
        var reader = new ThriftReader(footer);
        List<RowGroup> groups = [];
        long rows = -1;
        int leaves = -1, id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id, type)
            {
                case (2, ThriftReader.List):
                    leaves = ReadSchema(ref reader);
                    break;
                case (3, ThriftReader.Int64):
                    rows = reader.Integer();
                    break;
                case (4, ThriftReader.List):
                    for (var left = reader.ListOf(out _); left > 0; left--)
                    {
                        groups.Add(ReadRowGroup(ref reader, fileSize));
                    }

                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        var sum = groups.Sum(group => (long)group.Rows);
        return leaves < 0 || rows < 0 ? throw new InvalidDataException("no schema or no row count")
            : sum != rows || rows > MaxRows ? throw new InvalidDataException($"{rows:N0} rows in all, {sum:N0} in its row groups, at most {MaxRows:N0} are read")
            : groups.Find(group => group.Chunks.Length != leaves) is { } odd ? throw new InvalidDataException($"a row group of {odd.Chunks.Length} columns where the schema has {leaves}")
            : [.. groups];
    }

    /// <summary>Walks the schema, a tree in depth-first order, and counts its leaves.</summary>
    private static int ReadSchema(ref ThriftReader reader)
    {
        var open = new Stack<long>(); // children still to come, per open group
        var leaves = 0;
        var elements = reader.ListOf(out _);
        if (elements > MaxSchemaElements)
        {
            throw new InvalidDataException($"a schema of {elements:N0} elements, at most {MaxSchemaElements:N0} are read");
        }

        for (var i = 0; i < elements; i++)
        {
            long children = 0;
            var id = 0;
            while (reader.NextField(ref id, out var type))
            {
                if (id == 5 && type == ThriftReader.Int32)
                {
                    children = reader.Integer();
                }
                else
                {
                    reader.Skip(type);
                }
            }

            if (i > 0)
            {
                while (open.Count > 0 && open.Peek() == 0)
                {
                    open.Pop();
                }

                open.Push((open.Count > 0 ? open.Pop() : throw new InvalidDataException("a schema element without a parent")) - 1);
            }

            leaves += i > 0 && children == 0 ? 1 : 0;
            if (children > 0 || i == 0)
            {
                open.Push(children is >= 0 and <= MaxSchemaElements ? children : throw new InvalidDataException($"a schema element with {children} children"));
            }

            if (open.Count > MaxSchemaDepth)
            {
                throw new InvalidDataException($"a schema of more than {MaxSchemaDepth} levels");
            }
        }

        return open.All(left => left == 0) ? leaves : throw new InvalidDataException("a schema that ends early");
    }

    private static RowGroup ReadRowGroup(ref ThriftReader reader, long fileSize)
    {
        List<ColumnChunk> chunks = [];
        long rows = -1;
        var id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftReader.List):
                    for (var left = reader.ListOf(out _); left > 0; left--)
                    {
                        chunks.Add(ReadColumnChunk(ref reader, fileSize));
                    }

                    break;
                case (3, ThriftReader.Int64):
                    rows = reader.Integer();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return rows is >= 0 and <= MaxRows ? new RowGroup((int)rows, [.. chunks]) : throw new InvalidDataException($"a row group of {rows:N0} rows");
    }

    private static ColumnChunk ReadColumnChunk(ref ThriftReader reader, long fileSize)
    {
        ColumnChunk? chunk = null;
        var id = 0;
        while (reader.NextField(ref id, out var type))
        {
            if (id == 3 && type == ThriftReader.Struct)
            {
                chunk = ReadColumnMetadata(ref reader, fileSize);
            }
            else
            {
                reader.Skip(type);
            }
        }

        return chunk ?? throw new InvalidDataException("a column without metadata");
    }

    private static ColumnChunk ReadColumnMetadata(ref ThriftReader reader, long fileSize)
    {
        long bytes = -1, compressed = -1, data = -1, dictionary = 0;
        var id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id, type)
            {
                case (6, ThriftReader.Int64):
                    bytes = reader.Integer();
                    break;
                case (7, ThriftReader.Int64):
                    compressed = reader.Integer();
                    break;
                case (9, ThriftReader.Int64):
                    data = reader.Integer();
                    break;
                case (11, ThriftReader.Int64):
                    dictionary = reader.Integer();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        // Some writers leave 0 for "no dictionary page", and both at 0 where a row group has no rows.
        var start = dictionary > 0 && dictionary < data ? dictionary : data;
        return bytes >= 0 && compressed >= 0 && start >= 0 && start <= fileSize && compressed <= fileSize - start
            ? new ColumnChunk(start, compressed, bytes)
            : throw new InvalidDataException($"a column at {start:N0} of {compressed:N0} bytes in a file of {fileSize:N0}");
    }

    private static string Describe(byte[] head, long size)
    {
        var text = Encoding.Latin1.GetString(head);
        return size == 0 ? "it is empty"
            : text.StartsWith("version https://git-lfs", StringComparison.Ordinal) ? "it is a Git LFS pointer: fetch the file itself with git lfs pull"
            : text.TrimStart().StartsWith('<') ? "it is a web page: the download failed"
            : $"{size:N0} bytes that begin with '{new string([.. text.Take(16).Select(c => c is >= ' ' and <= '~' ? c : '·')])}'";
    }
}
