using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corl.Evaluation.Drawing;

/// <summary>One line of the official results.jsonl: the verdict over an image.</summary>
/// <param name="Filename">The image.</param>
/// <param name="Tag">The task.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Correct">The verdict.</param>
/// <param name="Reason">Why not; empty when correct.</param>
/// <param name="Metadata">The line of the prompt file.</param>
/// <param name="Details">The objects that counted, as JSON: class to a list of [left, top, right, bottom, score].</param>
internal sealed record GenEvalRow(
    [property: JsonPropertyName("filename")] string Filename,
    [property: JsonPropertyName("tag")] string Tag,
    [property: JsonPropertyName("prompt")] string Prompt,
    [property: JsonPropertyName("correct")] bool Correct,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("metadata")] string Metadata,
    [property: JsonPropertyName("details")] string Details)
{
    private const int MaxLineBytes = 1 << 20; // ours: 100 objects and a prompt have some kilobytes

    private static readonly JsonSerializerOptions Style = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public GenEvalOutcome Outcome => new(Tag, Metadata, Correct);

    /// <summary>The row of a verdict.</summary>
    public static GenEvalRow Of(string file, GenEvalMetadata metadata, GenEvalVerdict verdict)
    {
        var classes = verdict.Kept.Select(pair => $"{JsonSerializer.Serialize(pair.Key, Style)}: [{string.Join(", ", pair.Value.Select(Numbers))}]");
        return new GenEvalRow(file, metadata.Tag, metadata.Prompt, verdict.Correct, verdict.Reason, metadata.Line, $"{{{string.Join(", ", classes)}}}");
    }

    /// <summary>Reads results.jsonl, the official tool's or our own.</summary>
    /// <exception cref="UserException">A line is malformed; names the line.</exception>
    public static IReadOnlyList<GenEvalRow> ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{Quoted.Line(path)}: no such file; expected the results.jsonl of GenEval's evaluate_images.py");
        }

        GenEvalRow[] rows = [.. File.ReadLines(path, Encoding.UTF8).Index().Where(line => !string.IsNullOrWhiteSpace(line.Item)).Select(line => Parse($"{path}: line {line.Index + 1}", line.Item))];
        return rows.Length > 0 ? rows : throw new UserException($"{Quoted.Line(path)}: is empty; expected the results.jsonl of GenEval's evaluate_images.py");
    }

    public static GenEvalRow Parse(string where, string line)
    {
        if (line.Length > MaxLineBytes)
        {
            throw new UserException($"{where}: {line.Length} characters; at most {MaxLineBytes} are read");
        }

        var row = JsonAt.Parse(where, Encoding.UTF8.GetBytes(line));
        return new GenEvalRow(
            row["filename"].Text(), row["tag"].Text(), row["prompt"].Text(), row["correct"].Flag(), row.Find("reason")?.Text() ?? "", row["metadata"].Text(), row.Find("details")?.Text() ?? "{}");
    }

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Style);

    private static string Numbers(DetectedObject one) =>
        $"[{string.Join(", ", new[] { one.Box.Left, one.Box.Top, one.Box.Right, one.Box.Bottom, one.Score }.Select(value => Number(value)))}]";

    // As Python writes a float.
    private static string Number(double value) => value == Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);
}
