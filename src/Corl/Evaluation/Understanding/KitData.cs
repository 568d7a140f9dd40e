using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Corl.Evaluation.Understanding;

/// <summary>A benchmark's data file: its table, and its images where they stand in the file.</summary>
internal sealed class KitData : IDisposable
{
    private const long MaxImage = 128L << 20; // bytes of base64; the largest of MMMU has some 20 MB
    private const int MaxImagePaths = 100;    // images of one row

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly IReadOnlyList<IReadOnlyList<ImageSource>> _images;

    private KitData(string path, SafeFileHandle file, KitTask task, TsvContent content)
    {
        (_path, _file, Md5) = (path, file, content.Md5);
        (Table, _images, Dropped) = WithImages(content);
        IsOfficial = Md5 == task.Md5;
        Notes = [.. Notices(task)];
    }

    /// <summary>The rows that have an image.</summary>
    public KitTable Table { get; }

    /// <summary>Checksum of the file.</summary>
    public string Md5 { get; }

    /// <summary>Whether this is the official file.</summary>
    public bool IsOfficial { get; }

    /// <summary>Rows without an image, which the kit leaves out.</summary>
    public int Dropped { get; }

    /// <summary>What about the file is not as in the official one.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Opens a benchmark's file.</summary>
    /// <param name="task">The benchmark.</param>
    /// <param name="path">The file, or the folder that holds it under its official name.</param>
    /// <exception cref="UserException">Not there, or not a file of this benchmark; the message says what was expected.</exception>
    public static KitData Open(KitTask task, string path)
    {
        var file = Find(task, path) ?? throw new UserException($"{path}: {(Directory.Exists(path) ? $"holds no {task.DataSet}.tsv" : "no such file or folder")}; expected VLMEvalKit's file of {task.Title}, or the folder with it ($LMUData)");
        var content = TsvReader.Read(file);
        var missing = task.Columns.Where(column => !content.Table.Has(column)).ToArray();
        if (missing.Length > 0)
        {
            throw new UserException($"{file}: is no file of {task.Title}: column {string.Join(", ", missing.Select(Quoted.Name))} is missing; it has {string.Join(", ", content.Table.Names.Select(Quoted.Line).Take(20))}");
        }

        if (!content.Table.Has("image") && !content.Table.Has("image_path"))
        {
            throw new UserException($"{file}: has neither a column 'image' (base64) nor 'image_path'");
        }

        var handle = File.OpenHandle(file);
        try
        {
            return new KitData(file, handle, task, content);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The official file in a folder, or the file itself; null when there is none.</summary>
    public static string? Find(KitTask task, string path) =>
        File.Exists(path) ? path : ((string[])[$"{task.DataSet}.tsv", .. task.OtherFiles]).Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists);

    /// <summary>The images of a row, in order.</summary>
    public IReadOnlyList<ImageSource> Images(int row) => _images[row];

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private (KitTable Table, IReadOnlyList<IReadOnlyList<ImageSource>> Images, int Dropped) WithImages(TsvContent content)
    {
        var table = content.Table;
        var sources = table.Has("image") ? Embedded(content) : Linked(table);
        int[] kept = [.. Enumerable.Range(0, table.Count).Where(row => sources[row].Count > 0)];
        var cells = new KitTable([.. table.Names.Where(name => name != "image").Select(name => (name, kept.Select(row => table[row, name]).ToArray()))]);
        var indices = kept.Select(row => table[row, "index"].Text).ToArray();
        if (indices.GroupBy(index => index, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new UserException($"{_path}: index {Quoted.Name(twice.Key)} occurs {twice.Count()} times");
        }

        return kept.Length > 0 ? (cells, [.. kept.Select(row => sources[row])], table.Count - kept.Length) : throw new UserException($"{_path}: no row has an image");
    }

    private IReadOnlyList<IReadOnlyList<ImageSource>> Embedded(TsvContent content)
    {
        var table = content.Table;
        var rows = Enumerable.Range(0, table.Count).ToLookup(row => table[row, "index"].Text, StringComparer.Ordinal);
        return [.. Enumerable.Range(0, table.Count).Select(Of)];

        IReadOnlyList<ImageSource> Of(int row)
        {
            if (content.Large[row].Length > TsvReader.ShortField)
            {
                return Spans(content.Large[row], row);
            }

            if (table[row, "image"].IsMissing)
            {
                return [];
            }

            var name = table[row, "image"].Text; // a short text names the row whose image it shares
            return rows[name].FirstOrDefault(-1) is var shared and >= 0 && content.Large[shared].Length > TsvReader.ShortField
                ? Spans(content.Large[shared], shared)
                : throw new UserException($"{_path}: row {row + 1}: image {Quoted.Name(name)} is neither base64 nor the index of a row with an image");
        }
    }

    private List<ImageSource> Spans(FieldSpan field, int row)
    {
        var first = new byte[1];
        RandomAccess.Read(_file, first, field.Start);
        if (first[0] != '[')
        {
            return [Source(field, row, "")];
        }

        // A list of several images: where each of them stands between its quotation marks.
        var text = Encoding.Latin1.GetString(Bytes(field, row));
        List<ImageSource> images = [];
        for (var at = 1; at < text.Length;)
        {
            var open = text.AsSpan(at).IndexOfAny('\'', '"');
            if (open < 0)
            {
                break;
            }

            var start = at + open + 1;
            var end = text.IndexOf(text[start - 1], start);
            if (end < 0 || images.Count == MaxImagePaths)
            {
                throw new UserException($"{_path}: row {row + 1}: the image is no list of base64 texts");
            }

            images.Add(Source(new FieldSpan(field.Start + start, end - start, IsQuoted: false), row, $", image {images.Count + 1}"));
            at = end + 1;
            if (field.IsQuoted && text[start - 1] == '"')
            {
                throw new UserException($"{_path}: row {row + 1}: a quoted list with doubled quotation marks; write the texts of the list between single ones");
            }
        }

        return images;
    }

    private ImageSource Source(FieldSpan field, int row, string which) => new($"{_path}, row {row + 1}{which}", () => Decoded(field, row));

    private byte[] Bytes(FieldSpan field, int row)
    {
        if (field.Length > MaxImage)
        {
            throw new UserException($"{_path}: row {row + 1}: {field.Length} bytes of image; at most {MaxImage} are read");
        }

        var bytes = new byte[field.Length];
        for (var done = 0; done < bytes.Length;)
        {
            var count = RandomAccess.Read(_file, bytes.AsSpan(done), field.Start + done);
            done += count > 0 ? count : throw new UserException($"{_path}: was cut off while it was read");
        }

        return bytes;
    }

    // Python's b64decode passes over whatever is not of its alphabet.
    private byte[] Decoded(FieldSpan field, int row)
    {
        var bytes = Bytes(field, row);
        var count = 0;
        foreach (var c in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)c) || c is (byte)'+' or (byte)'/' or (byte)'=')
            {
                bytes[count++] = c;
            }
        }

        return Base64.DecodeFromUtf8InPlace(bytes.AsSpan(0, count), out var length) == System.Buffers.OperationStatus.Done
            ? bytes[..length]
            : throw new UserException($"{_path}: row {row + 1}: the image is no base64");
    }

    // Paths below the folder of the data, which is where the kit unpacks images.
    private IReadOnlyList<IReadOnlyList<ImageSource>> Linked(KitTable table)
    {
        var root = Path.GetDirectoryName(Path.GetFullPath(_path))!;
        return [.. Enumerable.Range(0, table.Count).Select(row => table[row, "image_path"] is { IsMissing: false } cell ? Of(cell.Text, row) : [])];

        IReadOnlyList<ImageSource> Of(string text, int row) => [.. (PythonLiteral.List(text) ?? [text]).Take(MaxImagePaths).Select(name =>
        {
            var path = Path.GetFullPath(Path.Combine(root, name));
            return path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? new ImageSource(path, () => File.Exists(path) && new FileInfo(path).Length <= MaxImage ? File.ReadAllBytes(path) : throw new UserException($"{_path}: row {row + 1}: no image file {Quoted.Name(name)} below {root}"))
                : throw new UserException($"{_path}: row {row + 1}: image path {Quoted.Name(name)} leads out of {root}");
        })];
    }

    private IEnumerable<string> Notices(KitTask task)
    {
        if (IsOfficial)
        {
            yield break;
        }

        yield return $"not the official file of {task.Title}: MD5 {Md5}, expected {task.Md5}";
        if (task.Rows is { } rows && Table.Count != rows)
        {
            yield return $"{Table.Count} rows with an image, the official file has {rows}";
        }

        if (Dropped > 0)
        {
            yield return $"{Dropped} rows without an image are left out";
        }
    }
}
