using System.Text.Json;

namespace Corl.Data.Curation;

/// <summary>Which adapter reads which format, and what the adapters share.</summary>
internal static class SourceAdapters
{
    private const int MaxChoices = 14; // the reward knows the letters A to N
    private const string TrainSplit = "train";

    /// <summary>Reads one item; a <see cref="UserException"/> when a field is missing or of a wrong kind.</summary>
    public static Adapted Read(SourceFormat format, SourceItem item)
    {
        var json = item.Parse();
        return format switch
        {
            SourceFormat.AOkvqa => AOkvqa.Read(json),
            SourceFormat.GptVqa => GptVqa.Read(json, item.Key),
            SourceFormat.M3cot => M3cot.Read(json, item.Row),
            SourceFormat.ScienceQa => ScienceQa.Read(json, item),
            SourceFormat.ArxivQa => ArxivQa.Read(json),
            SourceFormat.Tabmwp => Tabmwp.Read(json, item.Key),
            SourceFormat.Mavis => Mavis.Read(json, item),
            SourceFormat.Geomverse => Geomverse.Read(json, item.Key),
            _ => RCot.Read(json, item.Key),
        };
    }

    /// <summary>A text that may be missing, null or empty; null then.</summary>
    public static string? OptionalText(JsonAt item, string key) => item.Find(key) is { } value && value.Text().Trim() is { Length: > 0 } text ? text : null;

    /// <summary>A list of texts; empty where it is missing or null.</summary>
    public static string[] Texts(JsonAt item, string key) => item.Find(key) is { } list ? [.. list.Items().Select(value => value.Text().Trim())] : [];

    /// <summary>A text or a number as text.</summary>
    public static string TextOrNumber(JsonAt item, string key) =>
        item[key] is var value && value.Kind == JsonValueKind.Number ? value.Number().ToString("R", System.Globalization.CultureInfo.InvariantCulture) : value.Text().Trim();

    /// <summary>Why choices cannot be used, or null.</summary>
    public static string? Fault(string[] choices, int correct) =>
        choices.Length < 2 ? "fewer than two choices"
        : choices.Length > MaxChoices ? $"more than {MaxChoices} choices"
        : choices.Any(choice => choice.Length == 0) ? "an empty choice"
        : correct < 0 || correct >= choices.Length ? "the right answer is no choice"
        : null;

    /// <summary>Whether an item is of a split that is not for training.</summary>
    public static bool IsHeldOut(JsonAt item) => OptionalText(item, "split") is { } split && split != TrainSplit;

    /// <summary>Two parts of a question on lines of their own, the first left out where there is none.</summary>
    public static string WithContext(string? context, string question) => context is null ? question : $"{question}\nContext: {context}";

    /// <summary>The number of a letter, 0 for A; −1 for anything else.</summary>
    public static int NumberOf(char letter) => char.ToUpperInvariant(letter) is >= 'A' and <= 'Z' and var upper ? upper - 'A' : -1;
}
