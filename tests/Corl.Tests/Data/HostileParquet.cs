using System.Buffers.Binary;

namespace Corl.Tests.Data;

/// <summary>Parquet files that ask for more than a reader should give, written byte by byte (Thrift's compact protocol).</summary>
internal static class HostileParquet
{
    /// <summary>A file without rows whose schema is <paramref name="depth"/> groups, each inside the one before.</summary>
    public static byte[] DeepSchema(int depth)
    {
        // SchemaElement: repetition (field 3, i32), name (4, binary), num_children (5, i32); the leaf has a type (1, i32) instead of children.
        byte[] group = [0x35, 0, 0x18, 1, (byte)'a', 0x15, 2, 0];
        byte[] leaf = [0x15, 12, 0x25, 0, 0x18, 1, (byte)'b', 0];
        byte[] footer = [0x15, 2, 0x19, 0xFC, .. Varint(depth + 1), .. Enumerable.Repeat(group, depth).SelectMany(bytes => bytes), .. leaf, 0x16, 0, 0x19, 0x0C, 0];
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        return [.. "PAR1"u8, .. footer, .. length, .. "PAR1"u8];
    }

    /// <summary>The same file, but the first page claims 2^30 bytes when decompressed.</summary>
    public static byte[] ClaimGigabytePage(byte[] file)
    {
        // The first page header: type (field 1, i32), uncompressed_page_size (2, i32), compressed_page_size (3, i32). The claim takes three
        // bytes more, so they come out of the page's body, and the compressed size shrinks with it.
        Assert.Equal([0x15, 0x15], new[] { file[4], file[6] });
        var sizeBytes = VarintLength(file, 7);
        var compressedAt = 7 + sizeBytes + 1;
        var compressedBytes = VarintLength(file, compressedAt);
        byte[] claim = Varint(2L << 30); // zigzag of 2^30
        var compressed = (int)ReadVarint(file, compressedAt) - (2 * (claim.Length - sizeBytes)); // zigzag: twice the number
        byte[] small = Varint(compressed);
        Assert.Equal(compressedBytes, small.Length);
        var rest = compressedAt + compressedBytes;
        var result = (byte[])file.Clone();
        byte[] head = [.. file[..7], .. claim, 0x15, .. small];
        head.CopyTo(result, 0);
        // The remaining header moves back by the bytes that the claim took; what is overwritten is compressed data.
        const int HeaderRest = 64;
        file.AsSpan(rest, HeaderRest).CopyTo(result.AsSpan(head.Length));
        return result;
    }

    private static byte[] Varint(long value)
    {
        List<byte> bytes = [];
        for (; value > 127; value >>= 7)
        {
            bytes.Add((byte)((value & 127) | 128));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static int VarintLength(byte[] bytes, int at) => Array.FindIndex(bytes, at, b => b < 128) - at + 1;

    private static long ReadVarint(byte[] bytes, int at) => Enumerable.Range(0, VarintLength(bytes, at)).Sum(i => (long)(bytes[at + i] & 127) << (7 * i));
}
