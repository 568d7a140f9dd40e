using System.Globalization;
using Corl.Evaluation;
using Corl.Evaluation.Understanding;
using Corl.Rollouts;

namespace Corl.Cli;

/// <summary>A model and a judge that benchmarks share; each is opened when it is first needed.</summary>
internal sealed class UnderstandingRun(Session session) : IDisposable
{
    private Policy? _policy;
    private string? _fingerprint;

    /// <summary>Runs a benchmark in its folder.</summary>
    /// <returns>The result; null when this process answered only a part.</returns>
    public ResultDocument? Evaluate(KitTask task, string folder)
    {
        var (settings, part, export) = (UnderstandingOptions.Settings(session), UnderstandingOptions.Part(session), UnderstandingOptions.ExportFormat(session));
        using var data = KitData.Open(task, session.Value(UnderstandingOptions.Data)!);
        var judge = JudgeOptions.Open(session, Path.Combine(folder, "judge"));
        using var opened = judge as IDisposable;
        var benchmark = new KitBenchmark(task, data, settings, judge, JudgeOptions.Protocol(session));
        foreach (var note in data.Notes)
        {
            session.Warn(note);
        }

        if (part is null)
        {
            benchmark.CheckJudge();
        }

        var (predictions, header, speed) = session.Value(UnderstandingOptions.Predictions) is { } file ? Imported(task, data, file) : Answered(task, data, benchmark, folder, part);
        if (part is not null)
        {
            session.Print($"{PredictionFile.PathOf(folder, part.Value.Shard, part.Value.Shards)}: {speed!.Items} items; the command without --shard scores when all parts are there");
            return null;
        }

        if (export is not null)
        {
            Export(Path.Combine(folder, $"{ModelName}_{task.DataSet}.{export}"), data, predictions, settings.Unwrap);
        }

        // Everything runs on this thread; nothing here holds tensors any more.
        var result = benchmark.Score(predictions, session.Interrupt).GetAwaiter().GetResult();
        return ResultFiles.Write(folder, result, header, speed);
    }

    public void Dispose() => _policy?.Dispose();

    private string ModelName => session.Value(UnderstandingOptions.Predictions) is { } file ? Path.GetFileNameWithoutExtension(file) : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(ModelFolder.Of(session))));

    private (IReadOnlyList<Prediction> Predictions, PredictionHeader Header, Throughput? Speed) Imported(KitTask task, KitData data, string file)
    {
        var predictions = KitExchange.Import(file);
        var header = new PredictionHeader(task.Name, $"predictions of {Path.GetFileName(file)}", data.Md5, data.Table.Count, ScoringSettings());
        return (Limited(predictions, data), header, null);
    }

    private (IReadOnlyList<Prediction> Predictions, PredictionHeader Header, Throughput? Speed) Answered(KitTask task, KitData data, KitBenchmark benchmark, string folder, (int Shard, int Shards)? part)
    {
        var (roles, length, batch) = (UnderstandingOptions.Roles(session), UnderstandingOptions.AnswerLength(session), UnderstandingOptions.BatchSize(session));
        _policy ??= ModelFolder.Load(session);
        _fingerprint ??= ModelFingerprint.Of(ModelFolder.Of(session)) + (session.Value(ModelFolder.Adapter) is { } adapter ? $"+{ModelFingerprint.Of(adapter)}" : "");
        var asked = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["prompt-style"] = UnderstandingOptions.Settings(session).Style == PromptStyle.Cot ? "cot" : "kit",
            ["role-style"] = roles == RoleStyle.JanusPro ? "januspro" : "vlmevalkit",
            ["max-new-tokens"] = length.ToString(CultureInfo.InvariantCulture),
            ["dtype"] = _policy.Model.Dtype.ToString().ToLowerInvariant(),
        };
        var header = new PredictionHeader(task.Name, _fingerprint, data.Md5, data.Table.Count, asked);
        var run = new EvalRun(folder, header, session.Progress) { BatchSize = batch, Shard = part?.Shard ?? 1, Shards = part?.Shards ?? 1 };
        var answerer = new Answerer(_policy, roles, length);
        var speed = run.Predict(benchmark.Items, answerer.Length, answerer, session.Interrupt);
        var all = asked.Concat(ScoringSettings()).ToDictionary(setting => setting.Key, setting => setting.Value);
        return (Limited(run.Predictions(), data), header with { Settings = new SortedDictionary<string, string>(all, StringComparer.Ordinal) }, speed);
    }

    // What a result must name beside what an answer depends on.
    private SortedDictionary<string, string> ScoringSettings()
    {
        var settings = UnderstandingOptions.Settings(session);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["unwrap"] = settings.Unwrap == AnswerUnwrap.Tags ? "tags" : "none",
        };
    }

    // An earlier run may have answered more items than are asked for now.
    private IReadOnlyList<Prediction> Limited(IReadOnlyList<Prediction> predictions, KitData data)
    {
        if (UnderstandingOptions.Settings(session).Limit is not { } limit)
        {
            return predictions;
        }

        var wanted = Enumerable.Range(0, Math.Min(limit, data.Table.Count)).Select(row => data.Table[row, "index"].Text).ToHashSet(StringComparer.Ordinal);
        return [.. predictions.Where(prediction => wanted.Contains(prediction.Id))];
    }

    private void Export(string path, KitData data, IReadOnlyList<Prediction> predictions, AnswerUnwrap unwrap)
    {
        var cut = KitExchange.Export(path, data, predictions, unwrap);
        session.Progress($"{path}: {predictions.Count} predictions");
        if (cut > 0)
        {
            session.Warn($"{path}: {cut} texts have more than {XlsxWriter.MaxCell} characters and are cut; --export tsv keeps them whole");
        }
    }
}
