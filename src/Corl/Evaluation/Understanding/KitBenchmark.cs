using System.Globalization;
using Corl.Evaluation.Judges;

namespace Corl.Evaluation.Understanding;

/// <summary>How a benchmark is asked and scored; every result names all of it.</summary>
internal sealed record KitSettings
{
    /// <summary>The kit's state whose rules score.</summary>
    public KitProfile Profile { get; init; }

    /// <summary>What questions look like.</summary>
    public PromptStyle Style { get; init; }

    /// <summary>What of an answer is scored.</summary>
    public AnswerUnwrap Unwrap { get; init; }

    /// <summary>Corrections of the rules.</summary>
    public KitFixes Fixes { get; init; } = new();

    /// <summary>Whether a stand-in may score where the rules ask for a judge and there is none.</summary>
    public bool AllowsProxy { get; init; }

    /// <summary>Only this many items, the first of the data; null for all.</summary>
    public int? Limit { get; init; }
}

/// <summary>One of the nine understanding benchmarks over its data file.</summary>
/// <param name="task">Which.</param>
/// <param name="data">Its file.</param>
/// <param name="settings">How it is asked and scored.</param>
/// <param name="judge">Who judges, or null.</param>
/// <param name="protocol">The words in which the judge is asked.</param>
internal sealed class KitBenchmark(KitTask task, KitData data, KitSettings settings, IJudge? judge, JudgeProtocol protocol) : IBenchmark
{
    public string Name => task.Name;

    public string Profile => settings.Profile.Name();

    public string DataChecksum => data.Md5;

    public IReadOnlyList<EvalItem> Items { get; } =
    [
        .. Enumerable.Range(0, Math.Min(settings.Limit ?? int.MaxValue, data.Table.Count)).Select(row => new EvalItem(data.Table[row, "index"].Text, KitPrompt.Text(task, data.Table, row, settings.Style))
        {
            SystemPrompt = task.Prompting == KitPrompting.WithSystemPrompt && settings.Style == PromptStyle.Kit ? KitPrompt.MmVetSystemPrompt : null,
            Images = data.Images(row),
        }),
    ];

    /// <summary>Refuses at once what could only be refused after hours of answering.</summary>
    /// <exception cref="UserException">The rules ask for a judge and there is none.</exception>
    public void CheckJudge()
    {
        if (judge is null && !task.IsExactWithoutJudge && !settings.AllowsProxy)
        {
            throw new UserException($"{task.Title} has no official rules without a judge; name one with --judge, or accept a stand-in of ours, which is not {task.Title}'s number, with --proxy");
        }
    }

    /// <inheritdoc/>
    public async Task<BenchmarkResult> Score(IReadOnlyList<Prediction> predictions, CancellationToken interrupt)
    {
        CheckJudge();
        var byId = predictions.ToDictionary(prediction => prediction.Id, StringComparer.Ordinal);
        int[] rows = [.. Enumerable.Range(0, data.Table.Count).Where(row => byId.ContainsKey(data.Table[row, "index"].Text))];
        if (rows.Length < byId.Count)
        {
            var known = rows.Select(row => data.Table[row, "index"].Text).ToHashSet(StringComparer.Ordinal);
            throw new UserException($"{task.Title}: prediction {Quoted.Name(byId.Keys.First(id => !known.Contains(id)))} belongs to no item of the data");
        }

        string[] raw = [.. rows.Select(row => byId[data.Table[row, "index"].Text].Text ?? throw new UserException($"{task.Title}: prediction {Quoted.Name(data.Table[row, "index"].Text)} has no text"))];
        string[] said = [.. raw.Select(text => settings.Unwrap.Apply(text))];
        var table = data.Table.Rows(rows).With("prediction", Cell.Typed([.. said.Select(Cell.Of)]));
        var scoring = new KitScoring(task, settings.Profile, table, settings.Fixes, judge, protocol, interrupt);
        var scores = await task.Score(scoring);
        return new BenchmarkResult(Name, Profile, scores.Overall, scores.Parts, [.. rows.Select((row, place) => Verdict(row, place, raw[place], said[place], scores.Verdicts[place]))])
        {
            Judge = scoring.JudgeModel ?? "none",
            IsProxy = judge is null && !task.IsExactWithoutJudge,
            Notes = [.. Notes(rows.Length, scores.Overall is null)],
        };
    }

    private ItemVerdict Verdict(int row, int place, string raw, string said, KitVerdict verdict) => new(data.Table[row, "index"].Text, verdict.Score, verdict.Reason)
    {
        Question = data.Table[row, "question"].Text,
        Truth = data.Table[row, task.Name == "mathvista" && !data.Table[row, "answer_option"].IsMissing ? "answer_option" : "answer"].Text,
        Prediction = said,
        RawPrediction = raw == said ? null : raw,
        Extracted = verdict.Extracted,
        Groups = verdict.Groups,
        JudgeReplies = verdict.Replies.Count > 0 ? verdict.Replies : null,
    };

    private IEnumerable<string> Notes(int scored, bool hasNoNumber)
    {
        foreach (var note in data.Notes)
        {
            yield return note;
        }

        if (scored < data.Table.Count)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{scored} of {data.Table.Count} items");
        }

        if (judge is null && !task.IsExactWithoutJudge)
        {
            yield return $"scored by a stand-in for the judge: not {task.Title}'s number";
        }

        if (judge is not null)
        {
            yield return $"judge prompts: {protocol.Name}";
        }

        if (settings.Fixes.Names.ToArray() is { Length: > 0 } fixes)
        {
            yield return $"corrected rules: {string.Join(", ", fixes)}";
        }

        if (hasNoNumber)
        {
            yield return "the data lack the part that the paper's number is taken from";
        }
    }
}
