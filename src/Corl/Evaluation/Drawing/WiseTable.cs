using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Corl.Evaluation.Drawing;

/// <summary>One of WISE's six categories.</summary>
/// <param name="Name">The official name.</param>
/// <param name="First">Its first prompt.</param>
/// <param name="Last">Its last prompt.</param>
/// <param name="Weight">In the overall score: its share of the prompts.</param>
internal sealed record WiseCategory(string Name, int First, int Last, double Weight)
{
    /// <summary>In the order of the official table.</summary>
    public static IReadOnlyList<WiseCategory> All { get; } =
    [
        new("CULTURE", 1, 400, 0.4), new("TIME", 401, 567, 0.167), new("SPACE", 568, 700, 0.133), new("BIOLOGY", 701, 800, 0.1), new("PHYSICS", 801, 900, 0.1), new("CHEMISTRY", 901, 1000, 0.1),
    ];

    /// <summary>The prompts of the benchmark, 1 to this.</summary>
    public const int Prompts = 1000;

    /// <summary>The category of a prompt, or null beyond them.</summary>
    public static WiseCategory? Of(long prompt) => All.FirstOrDefault(category => prompt >= category.First && prompt <= category.Last);
}

/// <summary>WISE's table over graded prompts (WISE_legacy/Calculate.py).</summary>
internal sealed class WiseTable
{
    private const int MaxLineBytes = 1 << 20; // ours: a line of scores has 100 bytes
    private readonly Dictionary<string, List<double>> _scores = [];
    private readonly HashSet<long> _prompts = [];

    /// <summary>Lines of score files that were passed over, and why.</summary>
    public List<string> Skipped { get; } = [];

    /// <summary>Mean score and number of grades of each category that has any, in the official order.</summary>
    public IReadOnlyList<(WiseCategory Category, double Mean, int Count)> Categories =>
        [.. WiseCategory.All.Where(category => _scores.ContainsKey(category.Name)).Select(category => (category, _scores[category.Name].Average(), _scores[category.Name].Count))];

    /// <summary>Prompts of the benchmark, or of a part of it, that no line names.</summary>
    public IReadOnlyList<int> Missing(int first = 1, int last = WiseCategory.Prompts) => [.. Enumerable.Range(first, last - first + 1).Where(prompt => !_prompts.Contains(prompt))];

    /// <summary>The weighted mean of all categories; null unless all thousand prompts are there.</summary>
    public double? Overall => Missing().Count == 0 && Categories.Count == WiseCategory.All.Count ? Categories.Sum(part => part.Category.Weight * part.Mean) : null;

    /// <summary>Adds a graded prompt.</summary>
    public void Add(long prompt, WiseRating rating)
    {
        _prompts.Add(prompt);
        if (WiseCategory.Of(prompt) is { } category)
        {
            if (!_scores.TryGetValue(category.Name, out var scores))
            {
                _scores[category.Name] = scores = [];
            }

            scores.Add(rating.Score);
        }
    }

    /// <summary>
    /// Adds the lines of a score file, the official tool's or our own: {"prompt_id", "consistency", "realism", "aesthetic_quality"}. As
    /// there, lines that say something else are passed over, prompts may occur twice, and truth values count as 0 and 1.
    /// </summary>
    public void AddFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{Quoted.Line(path)}: no such file; expected a score file of WISE, JSON lines");
        }

        foreach (var (number, line) in File.ReadLines(path, Encoding.UTF8).Index())
        {
            if (line.Length > MaxLineBytes)
            {
                throw new UserException($"{Quoted.Line(path)}: line {number + 1} has {line.Length} characters; a line of scores has 100");
            }

            if (AddLine(line) is { } problem)
            {
                Skipped.Add($"{Path.GetFileName(path)}, line {number + 1}: {problem}");
            }
        }
    }

    // Why a line does not count, or null.
    private string? AddLine(string text)
    {
        JsonElement line;
        try
        {
            line = JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return "no JSON";
        }

        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("prompt_id", out var id) || id.ValueKind == JsonValueKind.Null)
        {
            return "no prompt_id";
        }

        if (WholeNumber(id) is not { } prompt)
        {
            return "prompt_id is not an integer";
        }

        _prompts.Add(prompt);
        double?[] grades = [Number(line, "consistency"), Number(line, "realism"), Number(line, "aesthetic_quality")];
        if (grades is not [{ } consistency, { } realism, { } aesthetic])
        {
            return "a grade is not a number";
        }

        Add(prompt, new WiseRating(consistency, realism, aesthetic));
        return WiseCategory.Of(prompt) is null ? string.Create(CultureInfo.InvariantCulture, $"prompt_id {prompt} is in no category") : null;
    }

    private static long? WholeNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.GetRawText().AsSpan().IndexOfAny(".eE") < 0 => value.TryGetInt64(out var number) ? number : long.MaxValue,
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };

    private static double? Number(JsonElement line, string key) => !line.TryGetProperty(key, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };
}
