using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// MathVerse: a judge extracts the short answer; one that is not the right one to the letter is judged against it, 0 or 1. Percent by
/// problem version, over all its rows, by subject and by field; the number is that of "Vision Only".
/// </summary>
internal static class MathVerseRules
{
    private const int Calls = 5; // of the judge for one comparison, each warmer by half a degree
    private const double Warmer = 0.5;
    private const string VisionOnly = "Vision Only";

    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var read = await scoring.EachRow((row, interrupt) => Extracted(scoring, row, interrupt));
        var table = scoring.Table.With("extract", Cell.Typed([.. read.Select(extract => extract.Result)])); // written to a file and read again
        var verdicts = await scoring.EachRow((row, interrupt) => Judge(scoring, table, row, read[row], interrupt));
        var parts = Table(scoring, verdicts);
        var own = parts.FirstOrDefault(row => row.Name == VisionOnly) ?? (parts.Count == 1 ? parts[0] : null);
        return new KitScores(own?.Values["Overall"], parts, verdicts);
    }

    private static async Task<Extract> Extracted(KitScoring scoring, int row, CancellationToken interrupt)
    {
        var answer = scoring.Text(row, "prediction");
        if (scoring.Judge is not null)
        {
            return await MathExtraction.Ask(scoring, row, "mathverse/extract", [("prediction", answer)], interrupt);
        }

        (string, string)[] letters = [("A", "\0"), ("B", "\0"), ("C", "\0"), ("D", "\0")]; // their texts are in the question; only letters are looked for
        return new Extract(Cell.Of(OptionInference.ByLetter(answer, letters, scoring.Profile) ?? StandIn.Final(answer)), IsPrefetched: false, []);
    }

    private static async Task<KitVerdict> Judge(KitScoring scoring, KitTable table, int row, Extract extract, CancellationToken interrupt)
    {
        var (said, truth) = (table[row, "extract"].Text, scoring.Text(row, "answer"));
        string[] groups = [scoring.Text(row, "problem_version"), .. Fields(scoring, row)];
        List<string> replies = [.. extract.Replies];
        KitVerdict Verdict(bool isRight, string reason) => KitVerdict.Of(isRight, reason, table[row, "extract"].TextOrNull) with { Groups = groups, Replies = replies };

        if (PythonText.Trim(said).SequenceEqual(PythonText.Trim(truth)))
        {
            return Verdict(true, $"the extracted answer is {said}, as it should be");
        }

        if (scoring.Judge is null)
        {
            var isClose = PythonArithmetic.Evaluate(said) is { } a && PythonArithmetic.Evaluate(truth) is { } b && Math.Abs(a.Value - b.Value) < 1e-6; // MathVision's tolerance
            return Verdict(isClose, $"stand-in for the judge: {said} {(isClose ? "equals" : "is not")} {truth}");
        }

        (string, string)[] slots = [("question", scoring.Text(row, "question_for_eval")), ("answer", truth), ("prediction", said)];
        for (var call = 0; call < Calls; call++)
        {
            var reply = await scoring.Ask(row, "mathverse/score", slots, call, call * Warmer, KitScoring.ShortReply, replies, interrupt);
            var verdict = PythonText.Trim(reply).ToString();
            if (verdict is "0" or "1")
            {
                return Verdict(verdict == "1", $"the judge says {verdict}: {said} against {truth}");
            }
        }

        return Verdict(false, $"{Calls} replies of the judge are neither 0 nor 1");
    }

    // Subject and field from the text of a dictionary.
    private static string[] Fields(KitScoring scoring, int row)
    {
        var metadata = PythonLiteral.Dictionary(scoring.Text(row, "metadata"))
            ?? throw new UserException($"MathVerse: index {Quoted.Name(scoring.Text(row, "index"))}: 'metadata' is no dictionary: {Quoted.Name(scoring.Text(row, "metadata"))}");
        return [.. ((string[])["subject", "subfield"]).Select(key => metadata.GetValueOrDefault(key, ""))];
    }

    private static IReadOnlyList<ScoreRow> Table(KitScoring scoring, KitVerdict[] verdicts)
    {
        string[] Names(int place) => [.. verdicts.Select(verdict => verdict.Groups[place]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var (subjects, fields) = (Names(1), Names(2));
        return [.. Names(0).Select(version =>
        {
            var own = verdicts.Where(verdict => verdict.Groups[0] == version).ToArray();
            var values = new OrderedDictionary<string, double?> { ["Overall"] = Percent(own) };
            foreach (var subject in subjects)
            {
                values[subject] = Percent(own.Where(verdict => verdict.Groups[1] == subject));
            }

            foreach (var field in fields)
            {
                values[field] = Percent(own.Where(verdict => verdict.Groups[2] == field)); // a field named as a subject takes its place, as in the kit
            }

            return new ScoreRow(version, values);
        })];

        static double? Percent(IEnumerable<KitVerdict> some) => ShareTable.Mean(some.Select(verdict => verdict.Score)) * 100;
    }
}
