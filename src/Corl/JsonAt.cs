using System.Text.Json;
using System.Text.Unicode;

namespace Corl;

/// <summary>
/// A place in somebody else's JSON file. Size, depth, text encoding and duplicate keys are checked when the file is opened; every later
/// mistake is reported with the file's name and the path of the key.
/// </summary>
internal readonly struct JsonAt
{
    // Ours: the files read this way (config.json, tokenizer.json, indexes) nest fewer than ten levels.
    private const int MaxDepth = 64;

    private readonly JsonElement _element;

    private JsonAt(JsonElement element, string file, string key)
    {
        _element = element;
        File = file;
        Key = key;
    }

    public string File { get; }

    public string Key { get; }

    public JsonValueKind Kind => _element.ValueKind;

    /// <summary>Reads a file of at most <paramref name="maxBytes"/> bytes.</summary>
    public static JsonAt Open(string path, long maxBytes)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > maxBytes)
            {
                throw new UserException($"{path}: {stream.Length} bytes of JSON; at most {maxBytes} are read.");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Parse(path, bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({OneLine(error.Message)}).", error);
        }
    }

    /// <summary>Reads JSON in memory; <paramref name="file"/> is what errors call it.</summary>
    public static JsonAt Parse(string file, ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            throw new UserException($"{file}: not JSON in UTF-8 (invalid bytes).");
        }

        try
        {
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            return new JsonAt(JsonElement.Parse(utf8.Span, options), file, "");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new UserException($"{file}: not valid JSON ({OneLine(error.Message)}).", error);
        }
    }

    /// <summary>The value of a key that has to be there and not null.</summary>
    public JsonAt this[string name] => Find(name) ?? throw Error($"key '{name}' is missing");

    /// <summary>The value of a key, or null when it is absent or JSON null.</summary>
    public JsonAt? Find(string name)
    {
        Expect(JsonValueKind.Object, "an object");
        return _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new JsonAt(value, File, Join(name)) : null;
    }

    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException error) // an escaped lone surrogate
        {
            throw Error("the string is not valid Unicode", error);
        }
    }

    public int Integer(int min, int max)
    {
        Expect(JsonValueKind.Number, "an integer");
        return _element.TryGetInt32(out var value) && value >= min && value <= max ? value : throw Error($"expected an integer from {min} to {max}, got {Short()}");
    }

    public double Number()
    {
        Expect(JsonValueKind.Number, "a number");
        return _element.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw Error($"expected a finite number, got {Short()}");
    }

    public bool Flag() => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error($"expected true or false, got {Short()}"),
    };

    public int Count()
    {
        Expect(JsonValueKind.Array, "a list");
        return _element.GetArrayLength();
    }

    public IEnumerable<JsonAt> Items()
    {
        Expect(JsonValueKind.Array, "a list");
        return Each(this);

        static IEnumerable<JsonAt> Each(JsonAt list)
        {
            var i = 0;
            foreach (var item in list._element.EnumerateArray())
            {
                yield return new JsonAt(item, list.File, $"{list.Key}[{i++}]");
            }
        }
    }

    public IEnumerable<KeyValuePair<string, JsonAt>> Properties()
    {
        Expect(JsonValueKind.Object, "an object");
        return Each(this);

        static IEnumerable<KeyValuePair<string, JsonAt>> Each(JsonAt map)
        {
            foreach (var property in map._element.EnumerateObject())
            {
                yield return new KeyValuePair<string, JsonAt>(map.NameOf(property), new JsonAt(property.Value, map.File, map.Key));
            }
        }
    }

    /// <summary>An error that names this place.</summary>
    public UserException Error(string problem, Exception? inner = null)
    {
        var message = $"{File}: {(Key.Length == 0 ? "" : Key + ": ")}{problem}.";
        return inner is null ? new UserException(message) : new UserException(message, inner);
    }

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw Error("a key is not valid Unicode", error);
        }
    }

    private void Expect(JsonValueKind kind, string name)
    {
        if (Kind != kind)
        {
            throw Error($"expected {name}, got {Short()}");
        }
    }

    private string Short()
    {
        const int Shown = 40; // characters of a wrong value, enough to recognise it in a one-line message
        var text = Kind switch { JsonValueKind.Object => "an object", JsonValueKind.Array => "a list", _ => OneLine(_element.GetRawText()) };
        return text.Length <= Shown ? text : text[..Shown] + "…";
    }

    private string Join(string name) => Key.Length == 0 ? name : $"{Key}.{name}";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
