namespace Corl.Evaluation;

/// <summary>The first line of a predictions file: what must agree before a run goes on or parts of it are put together.</summary>
/// <param name="Benchmark">Name of the benchmark.</param>
/// <param name="Model">Fingerprint of the model.</param>
/// <param name="Data">Checksum of the data.</param>
/// <param name="Items">Items of the whole benchmark that are asked, over all shards.</param>
/// <param name="Settings">Everything else that changes an answer, by name.</param>
internal sealed record PredictionHeader(string Benchmark, string Model, string Data, int Items, SortedDictionary<string, string> Settings)
{
    /// <summary>The first difference in words, or null when there is none.</summary>
    public string? Difference(PredictionHeader other)
    {
        (string Name, string Ours, string Theirs)[] fields =
        [
            ("benchmark", Benchmark, other.Benchmark), ("model", Model, other.Model), ("data", Data, other.Data), ("items", $"{Items}", $"{other.Items}"),
            .. Settings.Keys.Union(other.Settings.Keys).Select(key => (key, Settings.GetValueOrDefault(key, "not set"), other.Settings.GetValueOrDefault(key, "not set"))),
        ];
        var first = fields.FirstOrDefault(field => field.Ours != field.Theirs);
        return first.Name is null ? null : $"{first.Name} {Quoted.Name(first.Theirs)}, now {Quoted.Name(first.Ours)}";
    }
}
