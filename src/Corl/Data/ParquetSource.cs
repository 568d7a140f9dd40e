using ParquetSharp;

namespace Corl.Data;

/// <summary>
/// Rows of one Parquet file by number. Rows are read in blocks through the native reader: a whole row group where groups are small, a few
/// megabytes where they are large, so that neither a pass in order nor a shuffled one holds more than the cache and one block.
/// </summary>
internal sealed class ParquetSource : ISampleSource
{
    private const long MaxBlockBytes = 1 << 28;   // ours: a block whose rows turn out longer than the footer says is given up here
    private const int MaxRowsPerBlock = 1 << 16;  // ours: many rows can be few bytes, but each takes memory here
    private const int ReadAheadBytes = 1 << 20;   // ours, per column
    private readonly RowGroup[] _groups;
    private readonly ParquetColumns _columns;
    private readonly RowBlockCache _cache;
    private readonly RowBuilder _builder;
    private readonly string _name;
    private readonly (int Group, int FirstInGroup, int First, int Rows)[] _blocks;
    private readonly HashSet<(int Group, int Leaf)> _checked = [];
    private ParquetFileReader? _reader;

    private ParquetSource(DataFile file, string name, RowGroup[] groups, ParquetColumns columns, RowBuilder builder, RowBlockCache cache)
    {
        File = file;
        _name = name;
        _groups = groups;
        _columns = columns;
        _builder = builder;
        _cache = cache;
        _blocks = [.. Blocks()];
    }

    public DataFile File { get; }

    public SampleParts Parts => _columns.Parts;

    /// <summary>Checks a file and finds its columns.</summary>
    public static ParquetSource Open(string path, string name, ColumnNames names, SampleParts required, RowBuilder builder, RowBlockCache cache)
    {
        var groups = ParquetFooter.Read(path, name);
        using var reader = OpenReader(path, name);
        var columns = ParquetColumns.Find(reader.FileMetaData.Schema, names, required, name);
        return new ParquetSource(new DataFile(path, new FileInfo(path).Length, groups.Sum(group => group.Rows)), name, groups, columns, builder, cache);
    }

    /// <summary>Checks a file of which only the images are read, by <see cref="Image"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="image">The image column; null: the first that is there of the known names.</param>
    /// <param name="cache">Where its blocks are kept.</param>
    public static ParquetSource OpenImages(string path, string name, string? image, RowBlockCache cache)
    {
        var groups = ParquetFooter.Read(path, name);
        using var reader = OpenReader(path, name);
        var columns = ParquetColumns.OfImage(reader.FileMetaData.Schema, new ColumnNames { Image = image }, name);
        return new ParquetSource(new DataFile(path, new FileInfo(path).Length, groups.Sum(group => group.Rows)), name, groups, columns, new RowBuilder([""], SampleParts.None), cache);
    }

    public string NameOf(int row) => $"{_name}, row {row}";

    /// <summary>The encoded image of a row, not decoded; null where it has none.</summary>
    public byte[]? Image(int row) => Stored(row).ImageBytes;

    public Sample Read(int row) => _builder.Build(NameOf(row), Stored(row));

    public void Dispose() => _reader?.Dispose();

    /// <summary>The native reader of a file whose footer was checked.</summary>
    internal static ParquetFileReader OpenReader(string path, string name)
    {
        try
        {
            using var properties = ReaderProperties.GetDefaultReaderProperties();
            properties.EnableBufferedStream();
            properties.BufferSize = ReadAheadBytes;
            properties.EnablePageChecksumVerification();
            return new ParquetFileReader(path, properties);
        }
        catch (ParquetException e)
        {
            throw new UserException($"{name}: a damaged Parquet file ({FirstLine(e)})", e);
        }
    }

    private RawRow Stored(int row)
    {
        var index = BlockOf(row);
        var block = _cache.Get(this, index, () => Load(index));
        return block.Rows[row - block.First];
    }

    private RowBlock Load(int index)
    {
        var (group, firstInGroup, first, rows) = _blocks[index];
        try
        {
            CheckPages(group);
            _reader ??= OpenReader(File.Path, _name);
            using var reader = _reader.RowGroup(group);
            byte[]?[] Column(int leaf) => leaf < 0 ? new byte[]?[rows] : ParquetColumnReader.Read(reader, leaf, firstInGroup, rows, MaxBlockBytes);
            var (bytes, paths, prompts) = (Column(_columns.ImageBytes), Column(_columns.ImagePath), Column(_columns.Prompt));
            var (questions, answers, types) = (Column(_columns.Question), Column(_columns.Answer), Column(_columns.Type));
            var raw = new RawRow[rows];
            for (var i = 0; i < rows; i++)
            {
                raw[i] = new RawRow(bytes[i], paths[i], prompts[i], questions[i], answers[i], types[i]);
            }

            return new RowBlock(first, raw, raw.Sum(row => row.Bytes));
        }
        catch (Exception e) when (e is ParquetException or IOException or InvalidDataException or UnauthorizedAccessException or OutOfMemoryException)
        {
            throw new UserException($"{_name}: row group {group} is damaged ({FirstLine(e)}), so rows {first} to {first + rows - 1} cannot be read", e);
        }
    }

    private void CheckPages(int group)
    {
        foreach (var leaf in _columns.All.Where(leaf => !_checked.Contains((group, leaf))))
        {
            using var handle = System.IO.File.OpenHandle(File.Path);
            ParquetPages.Check(handle, _groups[group].Chunks[leaf]);
            _checked.Add((group, leaf));
        }
    }

    private int BlockOf(int row)
    {
        int low = 0, high = _blocks.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _blocks[middle].First <= row ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private IEnumerable<(int Group, int FirstInGroup, int First, int Rows)> Blocks()
    {
        var first = 0;
        for (var group = 0; group < _groups.Length; group++)
        {
            var rows = _groups[group].Rows;
            var perBlock = (int)Math.Clamp(rows * (double)_cache.BlockBytes / Math.Max(1, Bytes(_groups[group])), 1, MaxRowsPerBlock);
            for (var at = 0; at < rows; at += perBlock)
            {
                var count = Math.Min(perBlock, rows - at);
                yield return (group, at, first, count);
                first += count;
            }
        }
    }

    private long Bytes(RowGroup group) => _columns.All.Sum(leaf => group.Chunks[leaf].Bytes);

    private static string FirstLine(Exception e)
    {
        const string Message = "(message: '"; // the native reader wraps its own message in the name of a C++ type
        var text = e.Message;
        var start = text.IndexOf(Message, StringComparison.Ordinal) is >= 0 and var at ? at + Message.Length : 0;
        return Quoted.Line(text[start..].Split('\n')[0].TrimEnd('\'', ')', ' ', '.'));
    }
}
