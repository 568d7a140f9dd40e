using System.Text.Json;

namespace Corl.Models;

/// <summary>Typed, bounded reading of a JSON file's fields; every error names the file and the field.</summary>
internal sealed class Fields
{
    private const int MaxSize = 1 << 24; // larger than any width, count or vocabulary of a model that could be loaded
    private readonly JsonElement _element;
    private readonly string _where;

    private Fields(JsonElement element, string where) => (_element, _where) = (element, where);

    /// <summary>Reads a JSON file whose root is an object.</summary>
    public static Fields Parse(string path, int maxBytes, int maxDepth)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > maxBytes)
            {
                throw new UserException($"{path}: {length} bytes, expected a configuration of at most {maxBytes}");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = maxDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new Fields(document.RootElement.Clone(), path)
                : throw new UserException($"{path}: expected a JSON object");
        }
        catch (JsonException e)
        {
            throw new UserException($"{path}: not valid JSON ({e.Message.ReplaceLineEndings(" ")})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    /// <summary>The error for a field whose value cannot be used.</summary>
    public UserException Wrong(string name, string what) => new($"{_where}: {name}: {what}");

    /// <summary>A nested object that must be there.</summary>
    public Fields Object(string name) => Optional(name) ?? throw Wrong(name, "expected an object, found nothing");

    /// <summary>A nested object, or null when it is absent or null.</summary>
    public Fields? Optional(string name)
    {
        if (!Found(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object ? new Fields(value, $"{_where}: {name}") : throw Wrong(name, $"expected an object, found {Short(value)}");
    }

    /// <summary>A whole number of at least <paramref name="low"/>.</summary>
    public int Int(string name, int? standard = null, int low = 1)
    {
        if (!Found(name, out var value))
        {
            return standard ?? throw Wrong(name, "expected a whole number, found nothing");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= low && number <= MaxSize
            ? number
            : throw Wrong(name, $"expected a whole number from {low} to {MaxSize}, found {Short(value)}");
    }

    /// <summary>Positive whole numbers.</summary>
    public IReadOnlyList<int> Ints(string name, IReadOnlyList<int>? standard = null)
    {
        if (!Found(name, out var value))
        {
            return standard ?? throw Wrong(name, "expected a list of whole numbers, found nothing");
        }

        int[] numbers = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Take(17).Select(x => x.ValueKind == JsonValueKind.Number && x.TryGetInt32(out var n) ? n : 0)] : [];
        return numbers.Length is > 0 and <= 16 && numbers.All(n => n is > 0 and <= MaxSize) ? numbers : throw Wrong(name, $"expected 1 to 16 positive whole numbers, found {Short(value)}");
    }

    /// <summary>A finite positive number.</summary>
    public double Number(string name, double standard)
    {
        if (!Found(name, out var value))
        {
            return standard;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number) ? number : throw Wrong(name, $"expected a positive number, found {Short(value)}");
    }

    /// <summary>A text.</summary>
    public string Text(string name, string standard)
    {
        if (!Found(name, out var value))
        {
            return standard;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, $"expected a text, found {Short(value)}");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool standard)
    {
        if (!Found(name, out var value))
        {
            return standard;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, $"expected true or false, found {Short(value)}");
    }

    private bool Found(string name, out JsonElement value) => _element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string Short(JsonElement value)
    {
        var text = value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
