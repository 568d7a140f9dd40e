using System.Text.Json;
using Corl.Evaluation;
using Corl.Evaluation.Judges;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>A golden table as a data file, predictions, a judge with recorded replies and the kit's own prompts.</summary>
internal sealed class GoldenSet : IDisposable
{
    private readonly JsonElement _golden;

    public GoldenSet(JsonElement golden, string file)
    {
        _golden = golden;
        JsonElement[] rows = [.. golden.GetProperty("rows").EnumerateArray()];
        KitGolden.WriteTsv(file, rows);
        Task = KitGolden.Task(golden.GetProperty("dataset").GetString()!);
        Data = KitData.Open(Task, file);
        Predictions = [.. rows.Select(row => new Prediction(row.GetProperty("index").ToString()) { Text = row.GetProperty("prediction").GetString() })];
    }

    public KitTask Task { get; }

    public KitData Data { get; }

    public IReadOnlyList<Prediction> Predictions { get; }

    public KitBenchmark Benchmark(KitProfile profile, IJudge? judge, string? protocol) =>
        new(Task, Data, new KitSettings { Profile = profile }, judge, JudgeProtocol.Open(protocol));

    /// <summary>The judge; the prompts that it must be asked with go to a protocol folder, made from the golden examples.</summary>
    public GoldenJudge Judge(JsonElement result, KitProfile profile, string protocol)
    {
        var examples = KitGolden.Of(result.GetProperty("judge_prompt_examples"), profile).EnumerateArray().ToArray();
        HashSet<string> compared = [];
        foreach (var (name, stage, slots) in Prompts())
        {
            var path = Path.Combine(protocol, name + ".txt");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var texts = examples.Where(example => example.GetProperty("stage").GetString() == stage).Select(example => Template(example, slots)).ToArray();
            var isKnown = texts.Length > 0;
            File.WriteAllText(path, isKnown ? texts.GroupBy(text => text).MaxBy(group => group.Count())!.Key : string.Concat(slots.Select(slot => $"{{{slot}}}")));
            if (isKnown)
            {
                compared.Add(stage);
            }
        }

        return new GoldenJudge(_golden.GetProperty("judge_replies"), KitGolden.Of(result.GetProperty("judge_calls"), profile), compared);
    }

    public void Dispose() => Data.Dispose();

    private (string Name, string Stage, string[] Slots)[] Prompts() => Task.Name switch
    {
        "mmmu" or "mmstar" => [("mcq/match", "answer", ["question", "options", "prediction"])],
        "wemath" => [("wemath/match", "answer", ["question", "options", "prediction"])],
        "pope" => [("yes-no/match", "answer", ["question", "prediction"])],
        "mmvet" => [("mmvet/grade", "answer", ["question", "answer", "prediction"])],
        "logicvista" => [("logicvista/match", "answer", ["question", "prediction"])],
        "mathverse" => [("mathverse/extract", "answer", ["prediction"]), ("mathverse/score", "score", ["question", "answer", "prediction"])],
        var name => [($"{name}/extract", "answer", ["question", "prediction"])],
    };

    // The example with the row's own texts, searched from the end, replaced by slots.
    private string Template(JsonElement example, string[] slots)
    {
        var item = example.GetProperty("item").ToString();
        var text = example.GetProperty("prompt").GetString()!;
        var end = text.Length;
        foreach (var slot in slots.Reverse())
        {
            var value = Value(item, slot, example);
            var at = text.LastIndexOf(value, end - 1, StringComparison.Ordinal);
            text = $"{text[..at]}{{{slot}}}{text[(at + value.Length)..]}";
            end = at;
        }

        return text;
    }

    private string Value(string item, string slot, JsonElement example)
    {
        var row = Enumerable.Range(0, Data.Table.Count).Single(i => Data.Table[i, "index"].Text == item);
        var prediction = Cell.Typed([.. Predictions.Select(one => Cell.Of(one.Text))])[Predictions.ToList().FindIndex(one => one.Id == item)].Text;
        var isScore = example.GetProperty("stage").GetString() == "score";
        return (Task.Name, slot) switch
        {
            (_, "options") => Options(row),
            ("mmvet", "answer") => Data.Table[row, "answer"].Text.Replace("<AND>", " <AND> ", StringComparison.Ordinal).Replace("<OR>", " <OR> ", StringComparison.Ordinal),
            ("mathverse", "question") => Data.Table[row, "question_for_eval"].Text,
            ("mathverse", "prediction") when isScore => Extracted(item),
            (_, "prediction") => prediction,
            _ => Data.Table[row, slot].Text,
        };
    }

    private string Options(int row)
    {
        var options = KitPrompt.Options(Data.Table, row);
        return "There are several options: \n" + KitPrompt.Lines(options.Exists(option => option.Letter == "A") ? options : [("A", Data.Table[row, "answer"].Text), ("B", "Other Answers")]);
    }

    // What the first stage ended with, as it is read again.
    private string Extracted(string item)
    {
        var queue = _golden.GetProperty("judge_replies").GetProperty(item).GetProperty("answer").EnumerateArray().Select(reply => reply.GetString()!).ToArray();
        var reply = queue.FirstOrDefault(text => !text.Contains(OptionInference.ApiFailure, StringComparison.Ordinal)) ?? "";
        return Cell.Typed([Cell.Of(reply), Cell.Of("text")])[0].Text;
    }
}
