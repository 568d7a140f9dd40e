using System.Text;

namespace Corl.Evaluation.Drawing;

/// <summary>Objects that a GenEval prompt asks for.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Count">How many at least.</param>
internal sealed record GenEvalInclude(string Class, int Count)
{
    /// <summary>The colour they must have; null: any.</summary>
    public string? Color { get; init; }

    /// <summary>How they must lie, to the objects of which earlier entry; null: anyhow.</summary>
    public (string Relation, int Target)? Position { get; init; }
}

/// <summary>One line of GenEval's prompt file.</summary>
/// <param name="Tag">The task, for example "two_object".</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Include">What has to be there; all of it.</param>
/// <param name="Exclude">What must not be there that often.</param>
/// <param name="Line">The line as it stands in the file: the summary tells prompts apart by it.</param>
internal sealed record GenEvalMetadata(
    string Tag, string Prompt, IReadOnlyList<GenEvalInclude> Include, IReadOnlyList<(string Class, int Count)> Exclude, string Line)
{
    private const int MaxFileBytes = 1 << 26; // ours: the official file has 80 kB
    private const int MaxCount = 1000;        // ours: the detector keeps 100 objects
    private static readonly string[] Relations = ["left of", "right of", "above", "below"];

    /// <summary>Reads a prompt file.</summary>
    /// <exception cref="UserException">A line is malformed; names line and key.</exception>
    public static IReadOnlyList<GenEvalMetadata> ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{Quoted.Line(path)}: no such file; expected GenEval's evaluation_metadata.jsonl");
        }

        if (new FileInfo(path).Length > MaxFileBytes)
        {
            throw new UserException($"{Quoted.Line(path)}: {new FileInfo(path).Length} bytes; GenEval's evaluation_metadata.jsonl has 80 kB");
        }

        GenEvalMetadata[] prompts = [.. File.ReadLines(path, Encoding.UTF8).Index().Where(line => !string.IsNullOrWhiteSpace(line.Item)).Select(line => Parse($"{path}: line {line.Index + 1}", line.Item.Trim()))];
        return prompts.Length > 0 ? prompts : throw new UserException($"{Quoted.Line(path)}: is empty; expected GenEval's evaluation_metadata.jsonl");
    }

    /// <summary>Reads one line.</summary>
    /// <param name="where">What errors call it.</param>
    /// <param name="line">A JSON object.</param>
    public static GenEvalMetadata Parse(string where, string line)
    {
        var root = JsonAt.Parse(where, Encoding.UTF8.GetBytes(line));
        List<GenEvalInclude> include = [];
        foreach (var entry in root.Find("include")?.Items() ?? [])
        {
            include.Add(new GenEvalInclude(entry["class"].Text(), entry["count"].Integer(0, MaxCount))
            {
                Color = entry.Find("color")?.Text(),
                Position = entry.Find("position") is { } position ? PositionOf(position, include.Count) : null,
            });
        }

        var exclude = (root.Find("exclude")?.Items() ?? []).Select(entry => (entry["class"].Text(), entry["count"].Integer(0, MaxCount))).ToArray();
        return include.Count + exclude.Length > 0
            ? new GenEvalMetadata(root["tag"].Text(), root["prompt"].Text(), include, exclude, line)
            : throw root.Error("expected 'include' or 'exclude' with at least one entry");
    }

    private static (string Relation, int Target) PositionOf(JsonAt position, int earlier)
    {
        JsonAt[] parts = [.. position.Items().Take(3)];
        if (parts.Length != 2 || !Relations.Contains(parts[0].Text()))
        {
            throw position.Error($"expected [relation, number of an earlier entry] with one of {string.Join(", ", Relations)}");
        }

        return (parts[0].Text(), earlier > 0 ? parts[1].Integer(0, earlier - 1) : throw position.Error("the first entry has none before it"));
    }
}
