using System.Text.Json;

namespace Corl.Evaluation;

/// <summary>
/// What a scored run leaves in its folder: result.json, the document that <c>--json</c> prints with the settings and the speed, and
/// results.jsonl with a verdict for every item.
/// </summary>
internal static class ResultFiles
{
    /// <summary>Name of the document.</summary>
    public const string Result = "result.json";

    /// <summary>Name of the verdicts.</summary>
    public const string Verdicts = "results.jsonl";

    private static readonly JsonSerializerOptions Indented = new(PredictionFile.Style) { WriteIndented = true };

    /// <summary>Writes both files.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="result">The scores.</param>
    /// <param name="header">What the predictions depend on.</param>
    /// <param name="speed">How fast they were made; null when they came from a file.</param>
    /// <returns>The document.</returns>
    public static ResultDocument Write(string folder, BenchmarkResult result, PredictionHeader header, Throughput? speed)
    {
        var file = Path.Combine(folder, Verdicts);
        AtomicFile.Write(file, stream =>
        {
            foreach (var verdict in result.Verdicts)
            {
                JsonSerializer.Serialize(stream, verdict, PredictionFile.Style);
                stream.WriteByte((byte)'\n');
            }
        });
        var parts = new OrderedDictionary<string, OrderedDictionary<string, double?>>(result.Parts.Select(row => KeyValuePair.Create(row.Name, row.Values)));
        var document = new ResultDocument(result.Benchmark, result.Profile, result.Overall, parts, result.Verdicts.Count, file)
        {
            Judge = result.Judge,
            Proxy = result.IsProxy,
            Notes = result.Notes,
            Model = header.Model,
            Data = header.Data,
            Settings = header.Settings,
            ItemsPerSecond = speed?.ItemsPerSecond,
            OutsideModel = speed?.OutsideModel,
        };
        AtomicFile.WriteText(Path.Combine(folder, Result), JsonSerializer.Serialize(document, Indented) + "\n");
        return document;
    }
}

/// <summary>A benchmark's result as programs read it.</summary>
/// <param name="Benchmark">Name.</param>
/// <param name="Profile">Whose rules.</param>
/// <param name="Overall">The number of the paper's table; null when the rules give none.</param>
/// <param name="Parts">The official table: rows by name, numbers by column.</param>
/// <param name="Items">Items scored.</param>
/// <param name="File">The file with a verdict for every item.</param>
internal sealed record ResultDocument(
    string Benchmark, string Profile, double? Overall, OrderedDictionary<string, OrderedDictionary<string, double?>> Parts, int Items, string File)
{
    public required string Judge { get; init; }

    /// <summary>Whether a stand-in judged: then the numbers are not the benchmark's.</summary>
    public required bool Proxy { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Fingerprint of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Checksum of the data.</summary>
    public required string Data { get; init; }

    public required SortedDictionary<string, string> Settings { get; init; }

    public double? ItemsPerSecond { get; init; }

    /// <summary>Share of the time in which the model stood still, 0 to 1.</summary>
    public double? OutsideModel { get; init; }
}
