using System.Text.Unicode;
using Corl.Data;
using Corl.Imaging;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Corl.Cli;

/// <summary>Reads the rows to score one after another: JSON Lines, where images are paths from the file's folder, or Parquet, where they may also be bytes.</summary>
internal static class ScoredRows
{
    private const int MaxRows = 1_000_000;           // ours: the numbers of all rows are kept
    private const int MaxLineBytes = 1 << 20;
    private const long MaxGroupBytes = 1L << 30;     // ours: what one row group may hold
    private static readonly char[] Separators = ['.'];

    /// <summary>The rows of a file in order; a mistake is thrown when its row is reached.</summary>
    public static IEnumerable<ScoredRow> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: no such file; expected JSON Lines or Parquet");
        }

        var rows = path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? Parquet(path) : Lines(path);
        return rows.Select((row, i) => i < MaxRows ? row : throw new UserException($"{path}: more than {MaxRows:N0} rows; cut the file"));
    }

    private static IEnumerable<ScoredRow> Lines(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (var (line, text) in File.ReadLines(path).Index().Where(line => !string.IsNullOrWhiteSpace(line.Item)))
        {
            var name = $"{path}, line {line + 1}";
            var row = text.Length <= MaxLineBytes
                ? JsonAt.Parse(name, Encoding.UTF8.GetBytes(text))
                : throw new UserException($"{name}: {text.Length:N0} characters; a row has at most {MaxLineBytes:N0}");
            foreach (var (key, _) in row.Properties())
            {
                if (!ScoredRow.Keys.Contains(key))
                {
                    throw row.Error($"unknown key '{key}'; {Recipes.NearestKey.Suggest(key, ScoredRow.Keys)}");
                }
            }

            string? Text(string key) => row.Find(key) is { Kind: not System.Text.Json.JsonValueKind.Null } value ? value.Text() : null;
            RgbImage? Picture(string key) => Text(key) is { } file ? ImageFile.Read(Path.Combine(folder, file)) : null;
            yield return new ScoredRow(Text("prompt"), Text("caption"), Picture("image"), Picture("real_image"), Text("question"), Text("response"), Text("answer"), ScoredRow.TypeOf(Text("type"), name));
        }
    }

    private static IEnumerable<ScoredRow> Parquet(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var groups = ParquetFooter.Read(path, path);
        using var reader = ParquetSource.OpenReader(path, path);
        var leaves = Leaves(reader.FileMetaData.Schema, path);
        for (int group = 0, first = 0; group < groups.Length; first += groups[group++].Rows)
        {
            var columns = Columns(path, reader, groups, group, leaves);
            for (var i = 0; i < groups[group].Rows; i++)
            {
                var name = $"{path}, row {first + i}";
                string? Text(string key) => columns.TryGetValue(key, out var values) && values[i] is { } bytes
                    ? Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw new UserException($"{name}: {key} is not UTF-8")
                    : null;
                RgbImage? Picture(string key) => columns.TryGetValue($"{key}.bytes", out var bytes) && bytes[i] is { } file
                    ? ImageCodec.Decode(file, $"{name}, {key}")
                    : (Text($"{key}.path") ?? Text(key)) is { } where ? ImageFile.Read(Path.Combine(folder, where)) : null;
                yield return new ScoredRow(Text("prompt"), Text("caption"), Picture("image"), Picture("real_image"), Text("question"), Text("response"), Text("answer"), ScoredRow.TypeOf(Text("type"), name));
            }
        }
    }

    // By the name that ScoredRow gives a column, with ".bytes" and ".path" for an image; columns of other names are left alone, so that
    // the completions of a run can be scored again.
    private static Dictionary<string, int> Leaves(SchemaDescriptor schema, string path)
    {
        Dictionary<string, int> leaves = [];
        for (var leaf = 0; leaf < schema.NumColumns; leaf++)
        {
            var column = schema.Column(leaf);
            var name = column.Path.ToDotString();
            var root = name.Split(Separators, 2)[0] switch { "completion" => "response", "truth" => "answer", var other => other };
            if (ScoredRow.Keys.Contains(root) && column is { PhysicalType: PhysicalType.ByteArray, MaxRepetitionLevel: 0 })
            {
                var isBytes = name == root && root is "image" or "real_image" && column.LogicalType.Type == LogicalTypeEnum.None;
                leaves[isBytes ? $"{root}.bytes" : root + name[name.Split(Separators, 2)[0].Length..]] = leaf;
            }
        }

        return leaves.Count > 0 ? leaves : throw new UserException($"{path}: none of the columns {string.Join(", ", ScoredRow.Keys)} is there as text, bytes or an image");
    }

    private static Dictionary<string, byte[]?[]> Columns(string path, ParquetFileReader reader, RowGroup[] groups, int group, Dictionary<string, int> leaves)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            using var rows = reader.RowGroup(group);
            return leaves.ToDictionary(leaf => leaf.Key, leaf =>
            {
                ParquetPages.Check(handle, groups[group].Chunks[leaf.Value]);
                return ParquetColumnReader.Read(rows, leaf.Value, 0, groups[group].Rows, MaxGroupBytes);
            });
        }
        catch (Exception e) when (e is ParquetException or IOException or InvalidDataException)
        {
            throw new UserException($"{path}: row group {group} is damaged ({Quoted.Line(e.Message.Split('\n')[0])})", e);
        }
    }
}
