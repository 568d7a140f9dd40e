using System.Globalization;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Corl.Data;

/// <summary>
/// Reads consecutive rows of one leaf column as bytes: text and binary as stored, whole numbers as text. In a list column a row's value is
/// its first element unless all are asked for.
/// </summary>
internal static class ParquetColumnReader
{
    private const int Batch = 256; // values asked for at once; the bytes they point to belong to the native reader

    /// <summary>Rows [<paramref name="first"/>, <paramref name="first"/> + <paramref name="count"/>) of a row group.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="leaf">The leaf's index in the schema.</param>
    /// <param name="first">The first row, counted in the row group.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="maxBytes">Most bytes that may be kept; more is an <see cref="InvalidDataException"/>.</param>
    /// <returns>One value per row; null where the row has none.</returns>
    public static byte[]?[] Read(RowGroupReader group, int leaf, int first, int count, long maxBytes)
    {
        var rows = new byte[]?[count];
        Walk(group, leaf, first, count, maxBytes, isEveryElement: false, (row, value) => rows[row] = value);
        return rows;
    }

    /// <summary>The same for a list column, with all elements of each row; null elements are left out.</summary>
    public static List<byte[]>[] ReadLists(RowGroupReader group, int leaf, int first, int count, long maxBytes)
    {
        List<byte[]>[] rows = [.. Enumerable.Range(0, count).Select(_ => new List<byte[]>())];
        Walk(group, leaf, first, count, maxBytes, isEveryElement: true, (row, value) => rows[row].Add(value));
        return rows;
    }

    private static void Walk(RowGroupReader group, int leaf, int first, int count, long maxBytes, bool isEveryElement, Action<int, byte[]> found)
    {
        using var column = group.Column(leaf);
        var window = new Window(first, count, maxBytes, isEveryElement);
        switch (column)
        {
            case ColumnReader<ByteArray> bytes:
                Walk(bytes, window, Copy, found);
                break;
            case ColumnReader<int> ints:
                Walk(ints, window, static value => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)), found);
                break;
            case ColumnReader<long> longs:
                Walk(longs, window, static value => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)), found);
                break;
            default:
                throw new InvalidDataException($"a column of {column.Type}");
        }
    }

    private static void Walk<T>(ColumnReader<T> column, Window window, Func<T, byte[]> keep, Action<int, byte[]> found)
        where T : unmanaged
    {
        var (first, count, maxBytes, isEveryElement) = window;
        var isFlat = column.ColumnDescriptor.MaxRepetitionLevel == 0;
        var full = column.ColumnDescriptor.MaxDefinitionLevel;
        var row = -1 - first; // the row being read, counted from the first wanted one
        if (isFlat && first > 0)
        {
            column.Skip(first); // whole pages without copying their values
            row = -1;
        }

        var values = new T[Batch];
        short[] definition = new short[Batch], repetition = new short[Batch];
        for (var kept = 0L; row < count && column.HasNext;)
        {
            var asked = isFlat ? Math.Min(Batch, count - 1 - row) : Batch;
            if (asked == 0)
            {
                break;
            }

            var levels = column.ReadBatch(asked, definition, repetition, values, out var present);
            if (levels <= 0)
            {
                break;
            }

            // A column without nulls and lists has no levels: every value is a row.
            for (int i = 0, value = 0; i < levels && row < count; i++)
            {
                var starts = isFlat || repetition[i] == 0;
                row += starts ? 1 : 0;
                var isValue = full == 0 || definition[i] == full;
                if (isValue && value >= present)
                {
                    throw new InvalidDataException("fewer values than levels");
                }

                if ((starts || isEveryElement) && isValue && row >= 0 && row < count)
                {
                    var bytes = keep(values[value]);
                    found(row, bytes);
                    kept += bytes.Length;
                    if (kept > maxBytes)
                    {
                        throw new InvalidDataException($"more than {maxBytes:N0} bytes in {count:N0} rows");
                    }
                }

                value += isValue ? 1 : 0;
            }
        }

        if (row < count - 1)
        {
            throw new InvalidDataException($"{first + row + 1:N0} rows where the footer says {first + count:N0} or more");
        }
    }

    private static unsafe byte[] Copy(ByteArray value) => new ReadOnlySpan<byte>((void*)value.Pointer, value.Length).ToArray();

    private readonly record struct Window(int First, int Count, long MaxBytes, bool IsEveryElement);
}
