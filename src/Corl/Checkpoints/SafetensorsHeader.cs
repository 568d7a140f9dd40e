using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>
/// The header of a safetensors file: 8 bytes with its length N, N bytes of JSON, then the data. Everything is checked against the
/// length of the file before anything is allocated for it: names are unique, sizes are integers, and the tensors tile the data without
/// hole or overlap. Stricter than the reference reader, which takes the last of two tensors of one name and skips unknown fields.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Longest header, in bytes: the limit of the format's reference implementation.</summary>
    public const int MaxBytes = 100_000_000;

    /// <summary>The key beside the tensors that holds text.</summary>
    public const string MetadataKey = "__metadata__";

    private const int LengthBytes = 8;

    private sealed record Entry(string Name, ScalarType Dtype, long[] Shape, long Begin, long End);

    /// <summary>Reads and checks the header; InvalidDataException with the reason otherwise.</summary>
    public static FileContent Read(MappedFile file)
    {
        var header = Bytes(file);
        var metadata = new Dictionary<string, string>();
        var entries = new Dictionary<string, Entry>();
        try
        {
            Parse(header, entries, metadata);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"the header is not valid JSON ({Quoted.Line(error.Message)}); the file is damaged, download it again", error);
        }
        catch (InvalidOperationException error) // how the reader of JSON reports text that is no Unicode
        {
            throw new InvalidDataException("the header holds text that is not Unicode; the file is damaged, download it again", error);
        }

        var dataStart = LengthBytes + header.Length;
        CheckTiling(entries.Values, file.Length - dataStart);
        var tensors = entries.Values.Select(entry => Stored(file, entry, dataStart)).ToArray();
        return new FileContent(tensors, metadata);
    }

    private static StoredTensor Stored(MappedFile file, Entry entry, long dataStart)
    {
        var info = new TensorInfo(entry.Name, entry.Dtype, entry.Shape, file.Path);
        return new StoredTensor(info, new Storage(file, entry.Dtype, dataStart + entry.Begin, info.Count));
    }

    private static ReadOnlySpan<byte> Bytes(MappedFile file)
    {
        if (file.Length < LengthBytes)
        {
            throw new InvalidDataException(FileKind.Describe(file) ?? $"{file.Length} bytes are too few for a safetensors file; download it again");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, LengthBytes));
        var available = file.Length - LengthBytes;
        if (length == 0 || length > MaxBytes || (long)length > available)
        {
            throw new InvalidDataException(FileKind.Describe(file)
                ?? $"its first 8 bytes announce a header of {length} bytes, but {available} follow and {MaxBytes} are allowed; the file is cut short or no safetensors file");
        }

        var header = file.Bytes(LengthBytes, (int)length);
        return header[0] == '{' ? header : throw new InvalidDataException(FileKind.Describe(file) ?? "the header does not start with '{': not a safetensors file");
    }

    private static void Parse(ReadOnlySpan<byte> header, Dictionary<string, Entry> entries, Dictionary<string, string> metadata)
    {
        var json = new Utf8JsonReader(header);
        var hasMetadata = false;
        var text = 0;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref json, ref text);
            json.Read();
            if (name == MetadataKey)
            {
                Malformed.Unless(!hasMetadata, $"{MetadataKey} stands twice in the header");
                hasMetadata = true;
                ParseMetadata(ref json, ref text, metadata);
                continue;
            }

            Entry entry;
            try
            {
                entry = ParseEntry(ref json, name);
            }
            catch (InvalidDataException error)
            {
                throw new InvalidDataException($"tensor {Quoted.Name(name)}: {error.Message}", error);
            }

            Malformed.Unless(entries.TryAdd(name, entry), $"tensor {Quoted.Name(name)}: the name stands twice in the header");
            Malformed.Unless(entries.Count <= Bounds.Tensors, $"more than {Bounds.Tensors} tensors in one file");
        }

        json.Read(); // throws if anything but white space follows the object
    }

    private static string Text(ref Utf8JsonReader json, ref int text)
    {
        text += json.ValueSpan.Length;
        Malformed.Unless(text <= Bounds.TextBytes, $"the header holds more than {Bounds.TextBytes} bytes of names and text");
        return json.GetString()!;
    }

    private static void ParseMetadata(ref Utf8JsonReader json, ref int text, Dictionary<string, string> metadata)
    {
        Malformed.Unless(json.TokenType == JsonTokenType.StartObject, $"{MetadataKey} is not an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var key = Text(ref json, ref text);
            json.Read();
            Malformed.Unless(json.TokenType == JsonTokenType.String, $"{MetadataKey}: the value of {Quoted.Name(key)} is not a string");
            Malformed.Unless(metadata.TryAdd(key, Text(ref json, ref text)), $"{MetadataKey}: the key {Quoted.Name(key)} stands twice");
            Malformed.Unless(metadata.Count <= Bounds.Tensors, $"{MetadataKey} has more than {Bounds.Tensors} keys");
        }
    }

    private static Entry ParseEntry(ref Utf8JsonReader json, string name)
    {
        Malformed.Unless(json.TokenType == JsonTokenType.StartObject, "the entry is not an object");
        ScalarType? dtype = null;
        long[]? shape = null, offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("dtype"u8) && dtype is null)
            {
                json.Read();
                dtype = ParseDtype(ref json);
            }
            else if (json.ValueTextEquals("shape"u8) && shape is null)
            {
                json.Read();
                shape = ParseIntegers(ref json, "shape");
            }
            else if (json.ValueTextEquals("data_offsets"u8) && offsets is null)
            {
                json.Read();
                offsets = ParseIntegers(ref json, "data_offsets");
            }
            else
            {
                throw new InvalidDataException("an entry has dtype, shape and data_offsets, each one once, and nothing else");
            }
        }

        Malformed.Unless(dtype is not null, "dtype is missing");
        Malformed.Unless(shape is not null, "shape is missing");
        Malformed.Unless(offsets is { Length: 2 }, "data_offsets must be two integers");
        return Checked(new Entry(name, dtype!.Value, shape!, offsets![0], offsets[1]));
    }

    private static ScalarType ParseDtype(ref Utf8JsonReader json)
    {
        Malformed.Unless(json.TokenType == JsonTokenType.String, "dtype is not a string");
        foreach (var (dtype, name) in Dtypes.SafetensorsNames)
        {
            if (json.ValueTextEquals(name))
            {
                return dtype;
            }
        }

        const int MaxShown = 20; // longer than any dtype's name
        var found = json.ValueSpan.Length <= MaxShown ? Quoted.Name(json.GetString()!) : "of that name";
        throw new InvalidDataException($"dtype {found} is not supported; supported are {string.Join(", ", Dtypes.SafetensorsNames.Select(row => row.Name))}");
    }

    private static long[] ParseIntegers(ref Utf8JsonReader json, string what)
    {
        Malformed.Unless(json.TokenType == JsonTokenType.StartArray, $"{what} is not a list");
        Span<long> values = stackalloc long[Bounds.Dimensions];
        var count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Malformed.Unless(count < values.Length, $"{what} has more than {Bounds.Dimensions} items");
            var isInteger = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out values[count]) && values[count] >= 0;
            Malformed.Unless(isInteger, $"{what} must hold integers from 0 to 2^63 − 1");
            count++;
        }

        return values[..count].ToArray();
    }

    private static Entry Checked(Entry entry)
    {
        Malformed.Unless(entry.Begin <= entry.End, $"data_offsets end before they begin ({entry.Begin}, {entry.End})");
        Int128 bytes = Dtypes.Size(entry.Dtype);
        foreach (var size in entry.Shape)
        {
            bytes *= Math.Max(size, 1); // an empty tensor's other sizes count too: libtorch multiplies them into strides
            Malformed.Unless(bytes <= long.MaxValue, $"shape [{string.Join(", ", entry.Shape)}] is larger than any file");
        }

        bytes = entry.Shape.Contains(0) ? 0 : bytes;
        Malformed.Unless(bytes == entry.End - entry.Begin,
            $"shape [{string.Join(", ", entry.Shape)}] of {Dtypes.SafetensorsName(entry.Dtype)} needs {bytes} bytes, but data_offsets hold {entry.End - entry.Begin}");
        return entry;
    }

    private static void CheckTiling(IReadOnlyCollection<Entry> entries, long dataBytes)
    {
        var end = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            Malformed.Unless(entry.End <= dataBytes, $"tensor {Quoted.Name(entry.Name)}: its data end at byte {entry.End}, but the file holds {dataBytes} bytes of data; it is cut short, download it again");
            Malformed.Unless(entry.Begin >= end, $"tensor {Quoted.Name(entry.Name)}: its data begin at byte {entry.Begin}, inside another tensor's, which end at {end}");
            Malformed.Unless(entry.Begin == end, $"tensor {Quoted.Name(entry.Name)}: the {entry.Begin - end} bytes before its data belong to no tensor");
            end = entry.End;
        }

        Malformed.Unless(end == dataBytes, $"the {dataBytes - end} bytes after the last tensor belong to no tensor; the file is damaged, download it again");
    }
}
