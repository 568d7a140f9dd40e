using System.Text.Json;

namespace Corl.Checkpoints;

/// <summary>The index of a checkpoint that is cut into several files: which tensor is in which file.</summary>
internal static class ShardIndex
{
    // Ours: the largest open models have 150 000 tensors, at 100 bytes each.
    private const int MaxBytes = 20_000_000;
    private const int MaxEntries = 200_000;

    /// <summary>Reads "weight_map". The files are bare names, to be found beside the index; InvalidDataException otherwise.</summary>
    public static Dictionary<string, string> Read(MappedFile file)
    {
        if (file.Length is 0 or > MaxBytes)
        {
            throw new InvalidDataException($"{file.Length} bytes are no index of shards (1 to {MaxBytes} are)");
        }

        Dictionary<string, string>? map = null;
        try
        {
            var json = new Utf8JsonReader(file.Bytes(0, (int)file.Length));
            Malformed.Unless(json.Read() && json.TokenType == JsonTokenType.StartObject, "the index is not a JSON object");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isMap = json.ValueTextEquals("weight_map"u8);
                json.Read();
                if (isMap)
                {
                    Malformed.Unless(map is null, "weight_map stands twice in the index");
                    map = ReadMap(ref json);
                }
                else
                {
                    json.Skip(); // "metadata" with its total_size only informs
                }
            }

            json.Read(); // throws if anything but white space follows the object
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            var accident = file.Bytes(0, 1)[0] == '{' ? null : FileKind.Describe(file);
            throw new InvalidDataException(accident ?? $"the index is not valid JSON ({Quoted.Line(error.Message)}); download it again", error);
        }

        return map is { Count: > 0 } ? map : throw new InvalidDataException("the index has no weight_map with tensors in it");
    }

    private static Dictionary<string, string> ReadMap(ref Utf8JsonReader json)
    {
        Malformed.Unless(json.TokenType == JsonTokenType.StartObject, "weight_map is not an object");
        var map = new Dictionary<string, string>();
        var shards = new HashSet<string>(); // one string per file, not per tensor
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            Malformed.Unless(json.TokenType == JsonTokenType.String, $"tensor {Quoted.Name(name)}: the file name in weight_map is not a string");
            var text = json.GetString()!;
            if (!shards.TryGetValue(text, out var shard))
            {
                shard = text;
                shards.Add(shard);
            }

            Malformed.Unless(IsBareName(shard), $"tensor {Quoted.Name(name)}: {Quoted.Name(shard)} in weight_map is not the name of a file beside the index");
            Malformed.Unless(map.TryAdd(name, shard), $"tensor {Quoted.Name(name)}: stands twice in weight_map");
            Malformed.Unless(map.Count <= MaxEntries, $"weight_map has more than {MaxEntries} tensors");
        }

        return map;
    }

    private static bool IsBareName(string name) => name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', ':') < 0 && !name.Contains('\0');
}
