using System.Text.Json;
using ParquetSharp;
using ParquetSharp.Schema;
using Encoding = System.Text.Encoding;

namespace Corl.Reports;

/// <summary>
/// Writes a Parquet table as the Hugging Face datasets library does: every column nullable, images as a struct of bytes and path, stored
/// without compression because they are compressed already, and the features as JSON in the metadata, so that images load as images there.
/// </summary>
internal sealed class ParquetTable : IDisposable
{
    private readonly ParquetFileWriter _file;

    /// <summary>Begins a table; the columns' values are not used yet.</summary>
    public ParquetTable(Stream stream, IReadOnlyList<TableColumn> columns)
    {
        using var schema = new GroupNode("schema", Repetition.Required, [.. columns.Select(Node)]);
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(Compression.Snappy);
        foreach (var image in columns.OfType<ImageColumn>())
        {
            builder.Compression($"{image.Name}.bytes", Compression.Uncompressed).DisableDictionary($"{image.Name}.bytes").DisableStatistics($"{image.Name}.bytes");
        }

        using var properties = builder.Build();
        _file = new ParquetFileWriter(stream, schema, properties, new Dictionary<string, string> { ["huggingface"] = Features(columns) }, leaveOpen: true);
    }

    /// <summary>Writes a row group; the columns are those of the constructor, in the same order.</summary>
    public void WriteRows(IReadOnlyList<TableColumn> columns)
    {
        using var group = _file.AppendRowGroup();
        foreach (var column in columns)
        {
            switch (column)
            {
                case TextColumn text:
                    WriteBytes(group, [.. text.Values.Select(value => value is null ? (0, default) : ((short)1, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(value)))], present: 1);
                    break;
                case ImageColumn image:
                    WriteBytes(group, [.. image.Values.Select(value => value.Bytes.IsEmpty ? (0, default) : ((short)2, value.Bytes))], present: 2);
                    WriteBytes(group, [.. image.Values.Select(value => value.Bytes.IsEmpty ? ((short)0, default(ReadOnlyMemory<byte>))
                        : value.Path is null ? ((short)1, default) : ((short)2, Encoding.UTF8.GetBytes(value.Path)))], present: 2);
                    break;
                case NumberColumn number:
                    using (var writer = (ColumnWriter<double>)group.NextColumn())
                    {
                        short[] levels = [.. number.Values.Select(value => (short)(value is null ? 0 : 1))];
                        writer.WriteBatch(levels.Length, levels, [], [.. number.Values.OfType<double>()]);
                    }

                    break;
                case IntegerColumn integer:
                    using (var writer = (ColumnWriter<long>)group.NextColumn())
                    {
                        writer.WriteBatch(integer.Values.Length, [.. integer.Values.Select(_ => (short)1)], [], integer.Values);
                    }

                    break;
            }
        }

        group.Close();
    }

    /// <summary>Writes the footer. A table without it cannot be read.</summary>
    public void Finish() => _file.Close();

    public void Dispose() => _file.Dispose();

    /// <summary>Writes one leaf: a value where the level says so, copied to memory that stays in its place while the native writer reads it.</summary>
    private static unsafe void WriteBytes(RowGroupWriter group, (short Level, ReadOnlyMemory<byte> Value)[] rows, short present)
    {
        using var writer = (ColumnWriter<ByteArray>)group.NextColumn();
        var bytes = GC.AllocateUninitializedArray<byte>(rows.Sum(row => row.Value.Length), pinned: true);
        List<ByteArray> values = [];
        fixed (byte* start = bytes)
        {
            var at = 0;
            foreach (var (_, value) in rows.Where(row => row.Level == present))
            {
                value.Span.CopyTo(bytes.AsSpan(at));
                values.Add(new ByteArray((nint)(start + at), value.Length));
                at += value.Length;
            }

            writer.WriteBatch(rows.Length, [.. rows.Select(row => row.Level)], [], [.. values]);
        }
    }

    private static Node Node(TableColumn column) => column switch
    {
        TextColumn => Text(column.Name),
        NumberColumn => new PrimitiveNode(column.Name, Repetition.Optional, LogicalType.None(), PhysicalType.Double),
        IntegerColumn => new PrimitiveNode(column.Name, Repetition.Optional, LogicalType.None(), PhysicalType.Int64),
        _ => new GroupNode(column.Name, Repetition.Optional, [new PrimitiveNode("bytes", Repetition.Optional, LogicalType.None(), PhysicalType.ByteArray), Text("path")]),
    };

    private static PrimitiveNode Text(string name) => new(name, Repetition.Optional, LogicalType.String(), PhysicalType.ByteArray);

    private static string Features(IEnumerable<TableColumn> columns) => JsonSerializer.Serialize(new
    {
        info = new
        {
            features = columns.ToDictionary(column => column.Name, column => column is ImageColumn
                ? new Dictionary<string, string> { ["_type"] = "Image" }
                : new Dictionary<string, string> { ["dtype"] = column switch { NumberColumn => "float64", IntegerColumn => "int64", _ => "string" }, ["_type"] = "Value" }),
        },
    });
}
