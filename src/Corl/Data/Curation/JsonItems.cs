using System.Text.Json;

namespace Corl.Data.Curation;

/// <summary>
/// The items of a JSON file of any size, one after another: the lines of a .jsonl file, the elements of a list, the values of an object,
/// or the elements of one list inside an object.
/// </summary>
internal static class JsonItems
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The .json or .jsonl file.</param>
    /// <param name="list">The key of the list to read in the file's object; null: the file's own elements.</param>
    /// <exception cref="UserException">The file cannot be read, is not JSON, or lacks the list; an item that is a bad line fails when it is parsed.</exception>
    public static IEnumerable<SourceItem> Read(string path, string? list = null)
    {
        var name = Quoted.Line(Path.GetFileName(path));
        using var cursor = Open(path, name);
        var items = Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".ndjson" ? Lines(cursor, name) : Elements(cursor, name, list);
        using var each = items.GetEnumerator();
        while (Advance(each, name))
        {
            yield return each.Current;
        }
    }

    private static JsonCursor Open(string path, string name)
    {
        try
        {
            return new JsonCursor(path, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({Quoted.Line(e.Message)})", e);
        }
    }

    private static bool Advance(IEnumerator<SourceItem> items, string name)
    {
        try
        {
            return items.MoveNext();
        }
        catch (IOException e)
        {
            throw new UserException($"{name}: cannot be read ({Quoted.Line(e.Message)})", e);
        }
    }

    private static IEnumerable<SourceItem> Lines(JsonCursor cursor, string name)
    {
        for (var number = 1; cursor.Line() is { } line; number++)
        {
            if (line.AsSpan().IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                yield return new SourceItem($"{name}, line {number}", $"{number}", line);
            }
        }
    }

    private static IEnumerable<SourceItem> Elements(JsonCursor cursor, string name, string? list)
    {
        cursor.Next(out var type, out _);
        if (list is not null)
        {
            type = Enter(cursor, name, list, type);
        }

        if (type == JsonTokenType.StartArray)
        {
            for (var number = 0; cursor.Value() is { } value; number++)
            {
                yield return new SourceItem($"{name}, {list}[{number}]", $"{number}", value);
            }
        }
        else if (type == JsonTokenType.StartObject)
        {
            while (cursor.Next(out type, out var key) && type == JsonTokenType.PropertyName)
            {
                yield return new SourceItem($"{name}, {Quoted.Name(key!)}", key!, cursor.Value()!);
            }
        }
        else
        {
            throw new UserException($"{name}: expected a list or an object of items, got {(type == JsonTokenType.None ? "an empty file" : type.ToString())}");
        }
    }

    private static JsonTokenType Enter(JsonCursor cursor, string name, string list, JsonTokenType type)
    {
        while (type == JsonTokenType.StartObject && cursor.Next(out var token, out var key) && token == JsonTokenType.PropertyName)
        {
            if (key == list)
            {
                cursor.Next(out var opening, out _);
                return opening == JsonTokenType.StartArray ? opening : throw new UserException($"{name}: '{list}' is no list");
            }

            cursor.Skip();
        }

        throw new UserException($"{name}: no list '{list}' in it");
    }
}
