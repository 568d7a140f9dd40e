using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace Corl.Data;

/// <summary>
/// Rows of a JSON Lines file: one object per line, images as paths relative to the file. Opening scans for line ends only; a line is parsed
/// when it is read.
/// </summary>
internal sealed class JsonSource : ISampleSource
{
    private const int MaxLineBytes = 1 << 24;  // ours: 16 MB
    private const int MaxRows = 50_000_000;    // as for Parquet files
    private const int ScanBytes = 1 << 20;
    private const int RowsToPeek = 20;         // ours: rows looked at for the keys that are in use
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private readonly SafeFileHandle _handle;
    private readonly string _name;
    private readonly ColumnNames _names;
    private readonly SampleParts _required;
    private readonly RowBuilder _builder;
    private readonly List<(long Offset, int Line, int Length)> _lines;

    private JsonSource(SafeFileHandle handle, string path, string name, ColumnNames names, SampleParts required, RowBuilder builder)
    {
        (_handle, _name, _names, _required, _builder) = (handle, name, names, required, builder);
        _lines = Scan(handle, name);
        File = new DataFile(path, RandomAccess.GetLength(handle), _lines.Count);
        Parts = Peek();
    }

    public DataFile File { get; }

    public SampleParts Parts { get; }

    public static JsonSource Open(string path, string name, ColumnNames names, SampleParts required, RowBuilder builder)
    {
        var handle = System.IO.File.OpenHandle(path);
        try
        {
            return new JsonSource(handle, path, name, names, required, builder);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public string NameOf(int row) => $"{_name}, line {_lines[row].Line}";

    public Sample Read(int row)
    {
        var (raw, parts, keys) = Parse(row);
        ColumnNames.Require(parts, _required, keys, NameOf(row));
        return _builder.Build(NameOf(row), raw);
    }

    public void Dispose() => _handle.Dispose();

    private SampleParts Peek()
    {
        SampleParts parts = 0;
        for (var row = 0; row < Math.Min(RowsToPeek, _lines.Count); row++)
        {
            try
            {
                parts |= Parse(row).Parts;
            }
            catch (UserException)
            {
                // a bad row is named when it is read
            }
        }

        return parts;
    }

    private (RawRow Raw, SampleParts Parts, string[] Keys) Parse(int row)
    {
        var name = NameOf(row);
        try
        {
            using var document = JsonDocument.Parse(LineBytes(row), Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UserException($"{name}: a JSON {document.RootElement.ValueKind}, expected an object");
            }

            return Fields(document.RootElement, name);
        }
        catch (JsonException e)
        {
            var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw new UserException($"{name}: not JSON ({(end < 0 ? e.Message : e.Message[..end]).TrimEnd('.').ReplaceLineEndings(" ")})", e);
        }
        catch (InvalidOperationException e) // an escape that is half a character
        {
            throw new UserException($"{name}: a text that is not Unicode", e);
        }
        catch (IOException e)
        {
            throw new UserException($"{name}: cannot be read ({e.Message})", e);
        }
    }

    private (RawRow Raw, SampleParts Parts, string[] Keys) Fields(JsonElement root, string name)
    {
        string[] keys = [.. root.EnumerateObject().Select(property => property.Name)];
        var (image, prompt, question) = (ImageOf(root, keys, name), TextOf(DataField.Prompt), TextOf(DataField.Question));
        var raw = new RawRow(null, image, prompt, question, TextOf(DataField.Answer), TextOf(DataField.Type));
        var parts = (image is null ? 0 : SampleParts.RealImage) | (prompt is null ? 0 : SampleParts.Prompt)
            | (question is null ? 0 : SampleParts.Question) | (raw.Answer is null ? 0 : SampleParts.Answer);
        return (raw, parts, keys);

        byte[]? TextOf(DataField field)
        {
            var key = _names.Find(field, keys, name);
            var value = key is null ? default : root.GetProperty(key);
            return value.ValueKind switch
            {
                JsonValueKind.Undefined or JsonValueKind.Null => null,
                JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
                JsonValueKind.Number when field == DataField.Answer => Encoding.UTF8.GetBytes(value.GetRawText()),
                _ when field == DataField.Type && _names.Type is null => null, // "type" may mean something else in another set
                _ => throw new UserException($"{name}: '{key}' for the {ColumnNames.Word(field)} is a JSON {value.ValueKind}, expected a string"),
            };
        }
    }

    /// <summary>A path, an object with a path, or a list of these, of which the first is taken.</summary>
    private byte[]? ImageOf(JsonElement root, string[] keys, string name)
    {
        if (_names.Find(DataField.Image, keys, name) is not { } key)
        {
            return null;
        }

        var value = root.GetProperty(key);
        if (value.ValueKind == JsonValueKind.Array)
        {
            value = value.GetArrayLength() > 0 ? value[0] : default;
        }

        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("path", out var path))
        {
            value = path;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
            _ => throw new UserException($"{name}: '{key}' for the image is a JSON {value.ValueKind}, expected a path"),
        };
    }

    private ReadOnlyMemory<byte> LineBytes(int row)
    {
        var (offset, _, length) = _lines[row];
        if (length > MaxLineBytes)
        {
            throw new UserException($"{NameOf(row)}: {length:N0} bytes long, the limit is {MaxLineBytes:N0}");
        }

        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var got = RandomAccess.Read(_handle, bytes.AsSpan(read), offset + read);
            read += got > 0 ? got : throw new EndOfStreamException("the file became shorter while it was read");
        }

        return Utf8.IsValid(bytes) ? bytes : throw new UserException($"{NameOf(row)}: not UTF-8");
    }

    /// <summary>Where the lines that are not blank begin, their numbers (from 1) and lengths; a line feed ends a line, with or without a carriage return.</summary>
    private static List<(long Offset, int Line, int Length)> Scan(SafeFileHandle handle, string name)
    {
        List<(long Offset, int Line, int Length)> lines = [];
        var buffer = new byte[ScanBytes];
        long start = Bom(handle), at = start;
        var line = 1;
        var isBlank = true;
        while (RandomAccess.Read(handle, buffer, at) is > 0 and var got)
        {
            for (var rest = buffer.AsSpan(0, got); !rest.IsEmpty;)
            {
                var end = rest.IndexOf((byte)'\n');
                var piece = end < 0 ? rest : rest[..end];
                isBlank &= piece.IndexOfAnyExcept(" \t\r"u8) < 0;
                at += piece.Length;
                rest = rest[piece.Length..];
                if (end >= 0)
                {
                    Add();
                    rest = rest[1..];
                    start = ++at;
                    isBlank = true;
                    line++;
                }
            }
        }

        Add();
        return lines;

        void Add()
        {
            if (!isBlank)
            {
                lines.Add((start, line, (int)Math.Min(at - start, int.MaxValue)));
                if (lines.Count > MaxRows)
                {
                    throw new UserException($"{name}: more than {MaxRows:N0} rows");
                }
            }
        }
    }

    /// <summary>The length of a UTF-8 byte order mark at the start, which some editors write.</summary>
    private static int Bom(SafeFileHandle handle)
    {
        Span<byte> head = stackalloc byte[3];
        return RandomAccess.Read(handle, head, 0) == 3 && head.SequenceEqual(Encoding.UTF8.Preamble) ? 3 : 0;
    }
}
