using System.Text.Json;
using System.Text.Unicode;
using ParquetSharp;

namespace Corl.Data.Curation;

/// <summary>
/// The rows of Parquet files as items: text and whole numbers, lists of them, and structs and lists of structs of them, as JSON objects
/// with the columns' names. Images are left where they are; the item knows its row.
/// </summary>
internal static class ParquetItems
{
    private const long MaxLeafBytes = 1 << 28; // ours: text of one column in one row group, far above any set read here

    /// <summary>The rows in order; rows of all files are numbered in one row.</summary>
    public static IEnumerable<SourceItem> Read(IEnumerable<(string Path, string Name)> files)
    {
        var first = 0;
        foreach (var (path, name) in files)
        {
            var groups = ParquetFooter.Read(path, name);
            using var reader = ParquetSource.OpenReader(path, name);
            Leaf[] leaves = [.. Leaves(reader.FileMetaData.Schema)];
            for (int group = 0, row = 0; group < groups.Length; group++)
            {
                var columns = Columns(path, name, reader, groups[group], group, leaves);
                for (var i = 0; i < groups[group].Rows; i++, row++, first++)
                {
                    yield return new SourceItem($"{name}, row {row}", $"{first}", Json(leaves, columns, i), first);
                }
            }
        }
    }

    private static List<byte[]>[][] Columns(string path, string name, ParquetFileReader reader, RowGroup group, int number, Leaf[] leaves)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            using var rows = reader.RowGroup(number);
            return [.. leaves.Select(leaf =>
            {
                ParquetPages.Check(handle, group.Chunks[leaf.Index]);
                return ParquetColumnReader.ReadLists(rows, leaf.Index, 0, group.Rows, MaxLeafBytes);
            })];
        }
        catch (Exception e) when (e is ParquetException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new UserException($"{name}: row group {number} is damaged ({Quoted.Line(e.Message.Split('\n')[0])})", e);
        }
    }

    // "question", "choices.list.element", "text_en.caption", "conversations.list.element.value"; an image is a struct of bytes and path.
    private static IEnumerable<Leaf> Leaves(SchemaDescriptor schema)
    {
        for (var i = 0; i < schema.NumColumns; i++)
        {
            var leaf = schema.Column(i);
            var path = leaf.Path.ToDotVector();
            var isList = leaf.MaxRepetitionLevel == 1 && path.Length is 3 or 4;
            var field = isList ? path.Length == 4 ? path[3] : null : path.Length == 2 ? path[1] : null;
            var isText = leaf.PhysicalType == PhysicalType.ByteArray && leaf.LogicalType.Type is LogicalTypeEnum.String or LogicalTypeEnum.Enum or LogicalTypeEnum.Json;
            var isNumber = leaf.PhysicalType is PhysicalType.Int32 or PhysicalType.Int64 && leaf.LogicalType.Type is LogicalTypeEnum.Int or LogicalTypeEnum.None;
            if ((isList || (leaf.MaxRepetitionLevel == 0 && path.Length <= 2)) && field is not ("bytes" or "path") && (isText || isNumber))
            {
                yield return new Leaf(i, path[0], field, isList, isNumber);
            }
        }
    }

    private static ReadOnlyMemory<byte> Json(Leaf[] leaves, List<byte[]>[][] columns, int row)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var parts in leaves.Index().GroupBy(leaf => leaf.Item.Root))
            {
                (Leaf Leaf, List<byte[]> Values)[] values = [.. parts.Select(part => (part.Item, columns[part.Index][row]))];
                json.WritePropertyName(parts.Key);
                Write(json, values);
            }

            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, (Leaf Leaf, List<byte[]> Values)[] parts)
    {
        var isList = parts[0].Leaf.IsList;
        if (isList)
        {
            json.WriteStartArray();
        }

        for (var i = 0; i < (isList ? parts.Max(part => part.Values.Count) : 1); i++)
        {
            if (parts[0].Leaf.Field is null)
            {
                Write(json, parts[0].Leaf, parts[0].Values.ElementAtOrDefault(i));
                continue;
            }

            json.WriteStartObject();
            foreach (var (leaf, values) in parts.DistinctBy(part => part.Leaf.Field))
            {
                json.WritePropertyName(leaf.Field!);
                Write(json, leaf, values.ElementAtOrDefault(i));
            }

            json.WriteEndObject();
        }

        if (isList)
        {
            json.WriteEndArray();
        }
    }

    private static void Write(Utf8JsonWriter json, Leaf leaf, byte[]? value)
    {
        if (value is null || !Utf8.IsValid(value))
        {
            json.WriteNullValue();
        }
        else if (leaf.IsNumber)
        {
            json.WriteRawValue(value);
        }
        else
        {
            json.WriteStringValue(value);
        }
    }

    private sealed record Leaf(int Index, string Root, string? Field, bool IsList, bool IsNumber);
}
