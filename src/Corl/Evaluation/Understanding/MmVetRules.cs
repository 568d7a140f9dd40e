namespace Corl.Evaluation.Understanding;

/// <summary>
/// MM-Vet: a judge grades each answer from 0 to 1. Means in percent over all rows, by capability (a row counts in each of its own) and by
/// combination of capabilities. Only a judge can tell; the stand-in counts the parts of the right answer that occur.
/// </summary>
internal static class MmVetRules
{
    private const int Calls = 5;
    private const double Warmer = 0.5;
    private static readonly string[] Capabilities = ["rec", "ocr", "know", "gen", "spat", "math"];

    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var verdicts = await scoring.EachRow((row, interrupt) => scoring.Judge is null ? Task.FromResult(StandIn(scoring, row)) : Judge(scoring, row, interrupt));
        var parts = Table(scoring, verdicts);
        return new KitScores(parts.Single(row => row.Name == "Overall").Values["acc"], parts, verdicts);
    }

    private static async Task<KitVerdict> Judge(KitScoring scoring, int row, CancellationToken interrupt)
    {
        List<string> replies = [];
        var truth = scoring.Text(row, "answer").Replace("<AND>", " <AND> ", StringComparison.Ordinal).Replace("<OR>", " <OR> ", StringComparison.Ordinal);
        (string, string)[] slots = [("question", scoring.Text(row, "question")), ("answer", truth), ("prediction", scoring.Text(row, "prediction"))];
        var maxTokens = scoring.Profile == KitProfile.May2025 ? 3 : (int?)null;
        for (var call = 0; call < Calls; call++)
        {
            var reply = await scoring.Ask(row, "mmvet/grade", slots, call, call * Warmer, maxTokens, replies, interrupt);
            if (PythonNumber.Real(reply) is { } grade and >= 0 and <= 1)
            {
                return new KitVerdict(grade, "the judge's grade", reply.Trim()) { Groups = Groups(scoring, row), Replies = replies };
            }
        }

        return new KitVerdict(0, $"{Calls} replies of the judge are no number from 0 to 1") { Groups = Groups(scoring, row), Replies = replies };
    }

    // The best of the alternatives, each as the share of its parts that occur in the answer.
    private static KitVerdict StandIn(KitScoring scoring, int row)
    {
        var answer = scoring.Text(row, "prediction");
        var share = scoring.Text(row, "answer").Split("<OR>").Max(option =>
        {
            var parts = option.Split("<AND>");
            return parts.Count(part => answer.Contains(part.Trim(), StringComparison.OrdinalIgnoreCase)) / (double)parts.Length;
        });
        return new KitVerdict(share, "stand-in for the judge: share of the right answer's parts that occur") { Groups = Groups(scoring, row) };
    }

    private static string[] Groups(KitScoring scoring, int row)
    {
        var category = scoring.Text(row, "category");
        return [.. Capabilities.Where(capability => category.Contains(capability, StringComparison.Ordinal)), category.Replace(',', '_')];
    }

    // A row with one capability adds to that name twice, as capability and as combination, in the kit's sums. Then the two tables share the row.
    private static IReadOnlyList<ScoreRow> Table(KitScoring scoring, KitVerdict[] verdicts)
    {
        var combinations = verdicts.Select(verdict => verdict.Groups[^1]).Distinct(StringComparer.Ordinal);
        string[] names = [.. Capabilities, .. combinations.Except(Capabilities, StringComparer.Ordinal)];
        return [.. names.Select(name => Row(name, [.. verdicts.SelectMany(verdict => Own(verdict).Where(group => group == name).Select(_ => verdict.Score))])), Row("Overall", [.. verdicts.Select(verdict => verdict.Score)])];

        IEnumerable<string> Own(KitVerdict verdict) => scoring.Fixes.Capabilities ? verdict.Groups.Distinct(StringComparer.Ordinal) : verdict.Groups;
        ScoreRow Row(string name, double[] grades) => new(name, new OrderedDictionary<string, double?> { ["tot"] = grades.Length, ["acc"] = ShareTable.Mean(grades) * 100 });
    }
}
