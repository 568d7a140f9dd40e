using ParquetSharp;

namespace Corl.Data;

/// <summary>
/// The leaves of a Parquet schema that hold a row's parts, by index; −1 where there is none. An image column is binary, text (a path), a
/// struct of bytes and path, or a list of one of these.
/// </summary>
internal readonly record struct ParquetColumns(int ImageBytes, int ImagePath, int Prompt, int Question, int Answer, int Type)
{
    public IEnumerable<int> All => new[] { ImageBytes, ImagePath, Prompt, Question, Answer, Type }.Where(leaf => leaf >= 0);

    public SampleParts Parts =>
        (Prompt < 0 ? 0 : SampleParts.Prompt) | (ImageBytes < 0 && ImagePath < 0 ? 0 : SampleParts.RealImage)
        | (Question < 0 ? 0 : SampleParts.Question) | (Answer < 0 ? 0 : SampleParts.Answer);

    /// <summary>Finds the columns by name and refuses types that cannot hold the part.</summary>
    public static ParquetColumns Find(SchemaDescriptor schema, ColumnNames names, SampleParts required, string file)
    {
        var leaves = Enumerable.Range(0, schema.NumColumns).Select(schema.Column).ToArray();
        var roots = leaves.Select(leaf => leaf.Path.ToDotVector()[0]).ToArray();
        var columns = roots.Distinct().ToArray();
        var (bytes, path) = FindImage(leaves, roots, names.Find(DataField.Image, columns, file), file);
        var found = new ParquetColumns(bytes, path, Text(DataField.Prompt), Text(DataField.Question), Text(DataField.Answer), Text(DataField.Type));
        ColumnNames.Require(found.Parts, required, columns, file);
        return found;

        int Text(DataField field)
        {
            if (names.Find(field, columns, file) is not { } name)
            {
                return -1;
            }

            var at = Array.IndexOf(roots, name);
            var leaf = leaves[at];
            var isText = leaf is { PhysicalType: PhysicalType.ByteArray, MaxRepetitionLevel: 0 } && leaf.Path.ToDotVector().Length == 1
                && leaf.LogicalType.Type is LogicalTypeEnum.String or LogicalTypeEnum.Enum or LogicalTypeEnum.Json or LogicalTypeEnum.None;
            var isNumber = field == DataField.Answer && leaf is { PhysicalType: PhysicalType.Int32 or PhysicalType.Int64, MaxRepetitionLevel: 0 }
                && leaf.LogicalType.Type is LogicalTypeEnum.Int or LogicalTypeEnum.None && leaf.Path.ToDotVector().Length == 1;
            return isText || isNumber ? at
                : field == DataField.Type && names.Type is null ? -1 // "type" may mean something else in another set
                : throw new UserException($"{file}: the column '{name}' for the {ColumnNames.Word(field)} is {Describe(leaf)}, expected text");
        }
    }

    /// <summary>The image column alone.</summary>
    public static ParquetColumns OfImage(SchemaDescriptor schema, ColumnNames names, string file)
    {
        var leaves = Enumerable.Range(0, schema.NumColumns).Select(schema.Column).ToArray();
        var roots = leaves.Select(leaf => leaf.Path.ToDotVector()[0]).ToArray();
        var (bytes, path) = FindImage(leaves, roots, names.Find(DataField.Image, roots.Distinct().ToArray(), file), file);
        return bytes >= 0 ? new ParquetColumns(bytes, path, -1, -1, -1, -1) : throw new UserException($"{file}: no column with the bytes of images");
    }

    private static (int Bytes, int Path) FindImage(ColumnDescriptor[] leaves, string[] roots, string? name, string file)
    {
        int bytes = -1, path = -1;
        for (var i = 0; name is not null && i < leaves.Length; i++)
        {
            if (roots[i] != name || leaves[i].PhysicalType != PhysicalType.ByteArray || leaves[i].MaxRepetitionLevel > 1)
            {
                continue;
            }

            var parts = leaves[i].Path.ToDotVector();
            var isText = leaves[i].LogicalType.Type == LogicalTypeEnum.String;
            var isStruct = parts.Length > 1 && parts[^1] is "bytes" or "path";
            if (isStruct ? parts[^1] == "bytes" : !isText)
            {
                bytes = i;
            }
            else if (!isStruct || parts[^1] == "path")
            {
                path = i;
            }
        }

        return name is null || bytes >= 0 || path >= 0 ? (bytes, path) : throw new UserException(
            $"{file}: the column '{name}' for the image is {Describe(leaves[Array.IndexOf(roots, name)])}, expected bytes, a path or a struct of both");
    }

    private static string Describe(ColumnDescriptor leaf) =>
        leaf.MaxRepetitionLevel > 0 ? "a list" : leaf.LogicalType.Type is LogicalTypeEnum.None ? leaf.PhysicalType.ToString() : leaf.LogicalType.ToString();
}
