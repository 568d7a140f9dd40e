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

    // Ours: about 60 MB of names and shapes. The largest open models have 150 000 tensors, in over a hundred files.
    private const int MaxTensors = 250_000;

    // Ours: kernels of libtorch take at most 64 dimensions.
    private const int MaxDimensions = 64;

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
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (name == MetadataKey)
            {
                Require(!hasMetadata, $"{MetadataKey} stands twice in the header");
                hasMetadata = true;
                ParseMetadata(ref json, metadata);
            }
            else
            {
                Require(entries.TryAdd(name, ParseEntry(ref json, name)), $"tensor {Quoted.Name(name)}: the name stands twice in the header");
                Require(entries.Count <= MaxTensors, $"more than {MaxTensors} tensors in one file");
            }
        }

        json.Read(); // throws if anything but white space follows the object
    }

    private static void ParseMetadata(ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        Require(json.TokenType == JsonTokenType.StartObject, $"{MetadataKey} is not an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var key = json.GetString()!;
            json.Read();
            Require(json.TokenType == JsonTokenType.String, $"{MetadataKey}: the value of {Quoted.Name(key)} is not a string");
            Require(metadata.TryAdd(key, json.GetString()!), $"{MetadataKey}: the key {Quoted.Name(key)} stands twice");
        }
    }

    private static Entry ParseEntry(ref Utf8JsonReader json, string name)
    {
        var tensor = $"tensor {Quoted.Name(name)}";
        Require(json.TokenType == JsonTokenType.StartObject, $"{tensor}: the entry is not an object");
        string? dtype = null;
        long[]? shape = null, offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = json.GetString()!;
            json.Read();
            switch (field)
            {
                case "dtype" when dtype is null:
                    Require(json.TokenType == JsonTokenType.String, $"{tensor}: dtype is not a string");
                    dtype = json.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ParseIntegers(ref json, $"{tensor}: shape");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ParseIntegers(ref json, $"{tensor}: data_offsets");
                    break;
                default:
                    throw new InvalidDataException($"{tensor}: the field {Quoted.Name(field)} is unknown or stands twice");
            }
        }

        Require(dtype is not null, $"{tensor}: dtype is missing");
        Require(shape is not null, $"{tensor}: shape is missing");
        Require(offsets is { Length: 2 }, $"{tensor}: data_offsets must be two integers");
        var type = Dtypes.FromSafetensors(dtype!) ?? throw new InvalidDataException($"{tensor}: dtype {Quoted.Name(dtype!)} is not supported; supported are {Dtypes.SafetensorsNames}");
        return Checked(new Entry(name, type, shape!, offsets![0], offsets[1]), tensor);
    }

    private static long[] ParseIntegers(ref Utf8JsonReader json, string what)
    {
        Require(json.TokenType == JsonTokenType.StartArray, $"{what} is not a list");
        var values = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            var value = -1L;
            Require(json.TokenType == JsonTokenType.Number && json.TryGetInt64(out value) && value >= 0, $"{what} must hold integers from 0 to 2^63 − 1");
            values.Add(value);
            Require(values.Count <= MaxDimensions, $"{what} has more than {MaxDimensions} items");
        }

        return [.. values];
    }

    private static Entry Checked(Entry entry, string tensor)
    {
        Require(entry.Begin <= entry.End, $"{tensor}: data_offsets end before they begin ({entry.Begin}, {entry.End})");
        Int128 bytes = Dtypes.Size(entry.Dtype);
        foreach (var size in entry.Shape)
        {
            bytes *= size; // at most 2^63 · 2^63 before the check below: no overflow
            Require(bytes <= long.MaxValue, $"{tensor}: shape [{string.Join(", ", entry.Shape)}] is larger than any file");
        }

        Require(bytes == entry.End - entry.Begin,
            $"{tensor}: shape [{string.Join(", ", entry.Shape)}] of {Dtypes.SafetensorsName(entry.Dtype)} needs {bytes} bytes, but data_offsets hold {entry.End - entry.Begin}");
        return entry;
    }

    private static void CheckTiling(IReadOnlyCollection<Entry> entries, long dataBytes)
    {
        var end = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            var tensor = $"tensor {Quoted.Name(entry.Name)}";
            Require(entry.End <= dataBytes, $"{tensor}: its data end at byte {entry.End}, but the file holds {dataBytes} bytes of data; it is cut short, download it again");
            Require(entry.Begin >= end, $"{tensor}: its data begin at byte {entry.Begin}, inside another tensor's, which end at {end}");
            Require(entry.Begin == end, $"tensor {Quoted.Name(entry.Name)}: the {entry.Begin - end} bytes before its data belong to no tensor");
            end = entry.End;
        }

        Require(end == dataBytes, $"the {dataBytes - end} bytes after the last tensor belong to no tensor; the file is damaged, download it again");
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException(problem);
        }
    }
}
