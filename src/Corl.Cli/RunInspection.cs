using System.Globalization;
using Corl.Reports;
using Corl.Training;

namespace Corl.Cli;

/// <summary>What a run's folder tells of the run; part of the document of <c>corl inspect --json</c>, so its names stay.</summary>
internal sealed record RunInspection
{
    private const int Window = 20; // steps that a remark is about

    /// <summary>What the run was made with: versions, model, data, seed, kind and length.</summary>
    public required RunFolder.RunAbout About { get; init; }

    /// <summary>Updates made, as far as they are logged.</summary>
    public required long Steps { get; init; }

    /// <summary>Whether the run came to its end.</summary>
    public required bool IsFinished { get; init; }

    /// <summary>The numbers of the last step.</summary>
    public IReadOnlyDictionary<string, double> Last { get; init; } = new Dictionary<string, double>();

    /// <summary>The best evaluation on held-out data; null without evaluations.</summary>
    public BestState? Best { get; init; }

    /// <summary>The steps that can be gone on from.</summary>
    public IReadOnlyList<string> Checkpoints { get; init; } = [];

    /// <summary>What the log says that one should know.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Why the run cannot be used as it is.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Reads a run's folder, but no weights.</summary>
    /// <exception cref="UserException">Its files are broken.</exception>
    public static RunInspection Of(string path)
    {
        var folder = new RunFolder(path);
        var rows = RunLog.ReadMetrics(path);
        var states = Path.Combine(path, TrainingRun.StatesFolder);
        var isFinished = Directory.Exists(folder.Policy) || Directory.Exists(folder.Adapter);
        string[] faults = [.. Names(Path.Combine(path, TrainingRun.FaultsFolder))];
        return new RunInspection
        {
            About = folder.ReadAbout(),
            Steps = rows.Count > 0 ? rows[^1].Step : 0,
            IsFinished = isFinished,
            Last = rows.Count > 0 ? rows[^1].Values : new Dictionary<string, double>(),
            Best = Directory.Exists(states) ? TrainingRun.Latest(path)?.Best : null,
            Checkpoints = [.. Names(states)],
            Remarks = [.. Notices([.. rows.TakeLast(Window)])],
            Problems =
            [
                .. isFinished ? [] : new[] { $"the run is not finished; its recipe with --resume --out {path} goes on" },
                .. faults.Select(fault => $"{fault} had a gradient that is not finite; its batch is in {Path.Combine(path, TrainingRun.FaultsFolder, fault)}"),
            ],
        };
    }

    /// <summary>The run in lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{About.Name} ({About.Kind}), seed {About.Seed}, {Steps} of {About.Steps} steps{(IsFinished ? "" : ", not finished")}; corl {About.Corl}, libtorch {About.Libtorch}";
        yield return $"from {About.Model}";
        yield return $"on {About.Data}: {About.Rows:N0} rows, fingerprint {About.Fingerprint[..12]}";
        foreach (var name in new[] { MetricNames.Reward, MetricNames.RewardStd, MetricNames.Loss, MetricNames.Kl, MetricNames.GradNorm, MetricNames.MeanLength, MetricNames.StepTime }.Where(Last.ContainsKey))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  last {name,-26} {Last[name]:G5}");
        }

        foreach (var (name, value) in Last.Where(metric => metric.Key.StartsWith("rewards/", StringComparison.Ordinal) && metric.Key.EndsWith("/mean", StringComparison.Ordinal)).OrderBy(metric => metric.Key, StringComparer.Ordinal))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  last {name,-26} {value:G5}");
        }

        if (Best is { } best)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"best evaluation: {best.Score:G5} after step {best.Step}");
        }

        yield return Checkpoints.Count == 0 ? "no checkpoints" : $"checkpoints: {string.Join(", ", Checkpoints)}";
        foreach (var remark in Remarks)
        {
            yield return $"remark: {remark}";
        }
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "step-????????").Select(x => Path.GetFileName(x)).Order(StringComparer.Ordinal) : [];

    // The limits are ours: beyond them something is usually wrong.
    private static IEnumerable<string> Notices(IReadOnlyList<MetricRow> rows)
    {
        const double MostlyFlat = 0.8, MostlyCut = 0.5, FarApart = 0.05, Certain = 0.01;
        double? Mean(string name) => rows.Where(row => row.Values.ContainsKey(name)).Select(row => row.Values[name]).ToList() is { Count: > 0 } values ? values.Average() : null;
        string Said(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
        if (Mean(MetricNames.FracRewardZeroStd) is > MostlyFlat and var flat)
        {
            yield return $"{Said(100 * flat)} % of the last groups teach nothing ({MetricNames.FracRewardZeroStd}): the task is too easy or too hard, or a reward never varies; resamples draws other groups";
        }

        if (Mean(MetricNames.ClippedRatio) is > MostlyCut and var cut)
        {
            yield return $"{Said(100 * cut)} % of the last answers were cut off ({MetricNames.ClippedRatio}): raise max_completion_length, or the model does not end its answers";
        }

        if (Mean("skipped_updates") is > 0 and var skipped)
        {
            yield return $"{Said(skipped * rows.Count)} of the last {rows.Count} updates were left out, their gradients were not finite: lower learning_rate";
        }

        foreach (var modality in new[] { "text", "image" })
        {
            if (Mean(MetricNames.LogpAbsDiff(modality)) is > FarApart and var apart)
            {
                yield return $"sampling and training differ by {Said(apart)} nats per {modality} token ({MetricNames.LogpAbsDiff(modality)}): they disagree about the model, and nothing else in the log can be believed";
            }

            if (Mean($"{MetricNames.Entropy}/{modality}") is < Certain and var entropy)
            {
                yield return $"the policy is certain of its {modality} tokens, entropy {Said(entropy)} nats: the candidates of a group are alike, nothing is explored";
            }
        }
    }
}
