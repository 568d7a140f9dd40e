using System.Globalization;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// MathVista: an answer that is right or readable as it stands counts so ("prefetch"); of all others a judge extracts the short answer,
/// which must name the right option or equal the right number. Counts and percent over all rows, by task and by skill. Answers that are
/// lists or texts can never be right: the kit compares its own "None" with them.
/// </summary>
internal static class MathVistaRules
{
    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var read = await scoring.EachRow((row, interrupt) => Extracted(scoring, row, interrupt));

        // What was extracted is written to a file and read again before it is scored: "None" is a missing value then.
        var results = Cell.Typed([.. read.Select(extract => extract.Result)]);
        KitVerdict[] verdicts = [.. read.Select((extract, row) => Verdict(scoring, results[row], row, extract))];
        var parts = ShareTable.Counts([.. verdicts.Select(verdict => verdict.Groups)], [.. read.Select(extract => extract.IsPrefetched)], [.. verdicts.Select(verdict => verdict.Score > 0)]);
        return new KitScores(parts[0].Values["acc"], parts, verdicts);
    }

    private static async Task<Extract> Extracted(KitScoring scoring, int row, CancellationToken interrupt)
    {
        if (Prefetched(scoring, row) is { } known)
        {
            return new Extract(known, IsPrefetched: true, []);
        }

        var answer = scoring.Text(row, "prediction");
        return scoring.Judge is null
            ? new Extract(Cell.Of(IsChoice(scoring, row) ? StandIn.Final(answer) : StandIn.Number(answer) ?? StandIn.Final(answer)), IsPrefetched: false, [])
            : await MathExtraction.Ask(scoring, row, "mathvista/extract", [("question", scoring.Text(row, "question")), ("prediction", answer)], interrupt);
    }

    // An option that can be read, right or wrong; a number only when it is right, and not zero, which Python takes for "nothing found".
    private static Cell? Prefetched(KitScoring scoring, int row)
    {
        var (prediction, truth) = (scoring.Table[row, "prediction"], scoring.Table[row, "answer"]);
        if (IsChoice(scoring, row))
        {
            return OptionInference.Infer(prediction.Text, MathExtraction.Choices(scoring, row), scoring.Profile) is { } letter ? Cell.Of(letter) : null;
        }

        return scoring.Text(row, "answer_type") switch
        {
            "integer" when prediction.Integer() is { IsZero: false } whole && whole == truth.Integer() => Cell.Of(whole.ToString(CultureInfo.InvariantCulture)),
            "float" when prediction.Real() is { } real && real != 0 && real == truth.Real() => Cell.Of(real),
            _ => null,
        };
    }

    private static KitVerdict Verdict(KitScoring scoring, Cell result, int row, Extract extract)
    {
        var truth = scoring.Table[row, IsChoice(scoring, row) ? "answer_option" : "answer"];
        var said = IsChoice(scoring, row) ? OptionInference.Infer(result.Text, MathExtraction.Choices(scoring, row), scoring.Profile) : result.Text;
        var isRight = (IsChoice(scoring, row) ? "option" : scoring.Text(row, "answer_type")) switch
        {
            "option" => said == truth.Text,
            "integer" => result.Integer() is { } whole && whole == truth.Integer(),
            "float" => result.Real() is { } real && real == truth.Real(),
            _ => scoring.Fixes.List && SameList(result.Text, truth.Text),
        };
        string[] skills = [.. PythonLiteral.List(scoring.Text(row, "skills")) ?? [scoring.Text(row, "skills")]];
        return KitVerdict.Of(isRight, $"{extract.Reader} {said ?? "no option"}, {truth.Text} is right", result.TextOrNull) with { Groups = [.. skills, scoring.Text(row, "task")], Replies = extract.Replies };
    }

    private static bool IsChoice(KitScoring scoring, int row) => scoring.Text(row, "question_type") == "multi_choice";

    private static bool SameList(string said, string truth) => PythonLiteral.List(said) is { } a && PythonLiteral.List(truth) is { } b
        ? a.SequenceEqual(b, StringComparer.Ordinal)
        : said.Trim().Equals(truth.Trim(), StringComparison.OrdinalIgnoreCase);
}
