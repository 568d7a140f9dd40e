namespace Corl.Evaluation.Understanding;

/// <summary>
/// POPE: yes or no by the matcher, or else by the judge. A row counts in every split that holds its question. F1 of "yes" (what cannot be
/// read counts as not yes), accuracy, precision and recall in percent; the number is F1 over all splits.
/// </summary>
internal static class YesNoRules
{
    private const int Calls = 5; // of the judge for one row, each warmer by half a degree
    private const double Warmer = 0.5;

    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var verdicts = await scoring.EachRow((row, interrupt) => Judge(scoring, row, interrupt));
        var table = scoring.Table;
        var members = Enumerable.Range(0, table.Count).SelectMany(row => verdicts[row].Groups.Select(split => (split, row))).ToArray();
        var splits = members.Select(member => member.split).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        ScoreRow[] parts =
        [
            Row("Overall", [.. members.Select(member => member.row)]),
            .. splits.Select(split => Row(split, [.. members.Where(member => member.split == split).Select(member => member.row)])),
        ];
        return new KitScores(parts[0].Values["Overall"], parts, verdicts);

        ScoreRow Row(string split, int[] rows)
        {
            var said = rows.Select(row => verdicts[row].Extracted == YesNo.Yes).ToArray();
            var truth = rows.Select(row => scoring.Text(row, "answer") == YesNo.Yes).ToArray();
            int Count(bool isSaid, bool isTrue) => said.Zip(truth).Count(pair => pair.First == isSaid && pair.Second == isTrue);
            var (hits, wrong, missed) = (Count(true, true), Count(true, false), Count(false, true));
            var precision = hits + wrong > 0 ? (double)hits / (hits + wrong) : 0;
            var recall = hits + missed > 0 ? (double)hits / (hits + missed) : 0;
            var f1 = precision + recall != 0 ? 2 * (precision * recall) / (precision + recall) : 0;
            return new ScoreRow(split, new OrderedDictionary<string, double?>
            {
                ["Overall"] = f1 * 100,
                ["acc"] = ShareTable.Mean(rows.Select(row => verdicts[row].Score)) * 100,
                ["precision"] = precision * 100,
                ["recall"] = recall * 100,
                ["yes"] = ShareTable.Mean(said.Select(yes => yes ? 1.0 : 0)) * 100, // ours: the kit does not print it
            });
        }
    }

    private static async Task<KitVerdict> Judge(KitScoring scoring, int row, CancellationToken interrupt)
    {
        var (answer, truth) = (scoring.Text(row, "prediction"), scoring.Text(row, "answer"));
        var groups = scoring.Text(row, "category").Split(',');
        var said = YesNo.Extract(answer);
        List<string> replies = [];
        (string, string)[] slots = [("question", scoring.Text(row, "question")), ("prediction", answer)];
        for (var call = 0; said == YesNo.Unknown && scoring.Judge is not null && call < Calls; call++)
        {
            said = YesNo.Extract(await scoring.Ask(row, "yes-no/match", slots, call, call * Warmer, maxTokens: null, replies, interrupt));
        }

        var reader = replies.Count > 0 ? "the judge reads" : "the answer says";
        return KitVerdict.Of(said == truth, $"{reader} {said}, {truth} is right", said) with { Groups = groups, Replies = replies };
    }
}
