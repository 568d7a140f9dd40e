using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Corl.Data;

/// <summary>
/// Training data with access by row number: Parquet in the x2x and mcot layouts, one file or many, and JSON Lines beside a folder of
/// images. Memory is bounded whatever the size of the files. The files are taken as hostile: what cannot be used is refused in one line
/// with file and row. Safe to use from several threads.
/// </summary>
public sealed class SampleSet : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ISampleSource[] _sources;
    private readonly int[] _starts; // first row of each source

    private SampleSet(ISampleSource[] sources)
    {
        _sources = sources;
        _starts = new int[sources.Length];
        var rows = 0L;
        for (var i = 0; i < sources.Length; i++)
        {
            _starts[i] = (int)rows;
            rows += sources[i].File.Rows;
            if (rows > int.MaxValue / 4) // an order of rows is one array of 4-byte numbers
            {
                throw new UserException($"{sources[0].File.Path} and {sources.Length - 1} more files: {rows:N0} rows and more, at most {int.MaxValue / 4:N0} are read; use fewer files");
            }
        }

        Count = (int)rows;
        Parts = sources.Aggregate(SampleParts.All, (parts, source) => parts & source.Parts);
        Fingerprint = Hash(sources);
    }

    /// <summary>Rows in all files, usable or not.</summary>
    public int Count { get; }

    /// <summary>The files in reading order.</summary>
    public IReadOnlyList<DataFile> Files => [.. _sources.Select(source => source.File)];

    /// <summary>The parts that every file has a column for; a single row may still lack some.</summary>
    public SampleParts Parts { get; }

    /// <summary>SHA-256 over the names, sizes and row counts of the files, as 64 hexadecimal digits: a resumed run checks that it reads the same data.</summary>
    public string Fingerprint { get; }

    /// <summary>Opens a file, a folder or a pattern of files.</summary>
    /// <param name="path">A .parquet or .jsonl file; a folder with *.parquet, data/*.parquet, metadata.jsonl or data.jsonl; or a pattern such as "data/train-*.parquet".</param>
    /// <param name="columns">Which columns hold what; the known names when left out.</param>
    /// <param name="required">Parts without which a row is of no use to the caller: a file without the column is refused, a row without the value is a bad row.</param>
    /// <param name="imageFolder">What image paths are relative to; when left out, each file's own folder or the folder that <paramref name="path"/> names.</param>
    /// <exception cref="UserException">Nothing is there, a file is damaged, or a column is missing; the message names it.</exception>
    public static SampleSet Open(string path, ColumnNames? columns = null, SampleParts required = SampleParts.None, string? imageFolder = null) =>
        Open([path], columns, required, imageFolder);

    /// <summary>Opens several files, folders or patterns as one set, in the order given.</summary>
    public static SampleSet Open(IReadOnlyList<string> paths, ColumnNames? columns = null, SampleParts required = SampleParts.None, string? imageFolder = null)
    {
        List<ISampleSource> sources = [];
        try
        {
            (string Path, string Name, string Root)[] files = [.. paths.SelectMany(path => DataPaths.Resolve(path).Select(file => (file.Path, file.Name, path)))];
            var cache = RowBlockCache.For(files.Sum(file => new FileInfo(file.Path).Length));
            foreach (var (path, name, root) in files)
            {
                sources.Add(OpenFile(path, name, columns ?? ColumnNames.Default, required, ImageFolders(path, root, imageFolder), cache));
            }

            return new SampleSet([.. sources]);
        }
        catch (Exception e)
        {
            sources.ForEach(source => source.Dispose());
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new UserException($"{string.Join(", ", paths)}: cannot be read ({e.Message})", e);
            }

            throw;
        }
    }

    /// <summary>A set whose rows are made on demand, for example rendered.</summary>
    /// <param name="name">The set's name in messages and the fingerprint; it should say everything the rows depend on.</param>
    /// <param name="count">How many rows there are.</param>
    /// <param name="parts">The parts that the rows have.</param>
    /// <param name="make">Makes row i; the same i must give the same row.</param>
    public static SampleSet Generate(string name, int count, SampleParts parts, Func<int, Sample> make) => new([new GeneratedSource(name, count, parts, make)]);

    /// <summary>Reads row <paramref name="row"/>, with its image decoded.</summary>
    /// <exception cref="UserException">The row cannot be used; the message names file, row and reason.</exception>
    public Sample Read(int row)
    {
        var source = SourceOf(row);
        lock (_lock)
        {
            return _sources[source].Read(row - _starts[source]);
        }
    }

    /// <summary>The name of a row for messages, for example "train.parquet, row 17".</summary>
    public string NameOf(int row)
    {
        var source = SourceOf(row);
        return _sources[source].NameOf(row - _starts[source]);
    }

    /// <summary>
    /// Batches in an order that is shuffled anew for each pass, without end, read and decoded ahead on a thread of their own.
    /// </summary>
    /// <param name="seed">The order is a function of the seed and the number of the pass.</param>
    /// <param name="batchSize">B: rows per batch, bad rows not counted.</param>
    /// <param name="position">Where to start: 0, or a batch's <see cref="SampleBatch.Next"/> to go on after that batch.</param>
    /// <param name="unfit">Why a good row cannot be used for the task at hand, or null; such rows are skipped and counted as bad ones are.</param>
    public SampleBatches Batches(ulong seed, int batchSize, long position = 0, Func<Sample, string?>? unfit = null) => new(this, seed, batchSize, position, unfit);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var source in _sources)
            {
                source.Dispose();
            }
        }
    }

    private static ISampleSource OpenFile(string path, string name, ColumnNames columns, SampleParts required, IReadOnlyList<string> imageFolders, RowBlockCache cache)
    {
        var builder = new RowBuilder(imageFolders, required);
        try
        {
            return Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".parquet" => ParquetSource.Open(path, name, columns, required, builder, cache),
                ".jsonl" or ".ndjson" => JsonSource.Open(path, name, columns, required, builder),
                _ => throw new UserException($"{name}: expected a .parquet or .jsonl file"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{name}: cannot be read ({e.Message})", e);
        }
    }

    // Beside the file, and in the data set's own folder: data/train.parquet may name images/1.png beside data.
    private static string[] ImageFolders(string file, string root, string? chosen) =>
        chosen is not null ? [chosen] : [.. new[] { Path.GetDirectoryName(Path.GetFullPath(file))!, Directory.Exists(root) ? Path.GetFullPath(root) : null }.OfType<string>().Distinct()];

    private int SourceOf(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        return Array.FindLastIndex(_starts, start => start <= row); // a file without rows shares its start with the next one
    }

    private static string Hash(ISampleSource[] sources)
    {
        var text = string.Concat(sources.Select(source => string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetFileName(source.File.Path)}\t{source.File.Bytes}\t{source.File.Rows}\n")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
