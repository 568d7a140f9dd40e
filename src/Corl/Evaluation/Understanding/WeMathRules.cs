using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// WeMath: problems of two or three steps, asked as a whole and step by step. What a group of answers shows is insufficient knowledge (IK),
/// inadequate generalization (IG), complete mastery (CM) or rote memorization (RM); the score is (525 − IG/2 − RM − IK) / 525. Strictly all
/// steps must be right for mastery, loosely one. Everything in percent.
/// </summary>
internal static class WeMathRules
{
    /// <summary>Groups of the official data, and the constant in its formulas: 360 of two steps, 165 of three.</summary>
    public const int OfficialGroups = 525;

    /// <summary>The request for a format that some questions carry; the judge does not see it.</summary>
    public const string Requirement = "Regarding the format, please answer following the template below, and be sure to include two <> symbols:\n<Thought process>: <<your thought process>> <Answer>: <<your option>>";

    public static async Task<KitScores> Score(KitScoring scoring)
    {
        // With a judge the usual matcher reads the answers; without one a simpler reader of WeMath's own does.
        var verdicts = scoring.Judge is null ? [.. Enumerable.Range(0, scoring.Table.Count).Select(row => Read(scoring, row))] : await MultipleChoiceRules.Judge(scoring, "wemath/match");
        var groups = WeMathGroup.Of(scoring.Table, verdicts);
        var values = FourDimensions(groups, scoring.Fixes.Groups ? groups.Count : OfficialGroups);
        Accuracies(values, scoring.Table, verdicts, groups);
        return new KitScores(values["Score (Strict)"], [new ScoreRow("Overall", values)], verdicts);
    }

    /// <summary>The letter of an answer without a judge: what follows the last "Answer", without brackets, colons and periods, begins with it.</summary>
    public static string? Letter(string answer)
    {
        var said = PythonText.Trim(answer.AsSpan(answer.LastIndexOf("Answer", StringComparison.Ordinal) is var at and >= 0 ? at + "Answer".Length : 0)).ToString();
        var bare = PythonText.Trim(string.Concat(said.Where(c => c is not ('<' or '>' or ':' or '.'))));
        return bare is [>= 'A' and <= 'H', ..] ? $"{bare[0]}" : null;
    }

    private static KitVerdict Read(KitScoring scoring, int row)
    {
        var (letter, truth) = (scoring.Table[row, "prediction"].TextOrNull is { } answer ? Letter(answer) : null, scoring.Text(row, "answer"));
        return KitVerdict.Of(letter == truth, letter is null ? "no letter where WeMath's reader looks for one" : $"WeMath's reader finds {letter}, {truth} is right", letter) with { Groups = [scoring.Text(row, "key")] };
    }

    private static OrderedDictionary<string, double?> FourDimensions(IReadOnlyList<WeMathGroup> groups, int all)
    {
        int Count(Func<WeMathGroup, bool> holds) => groups.Count(holds);
        var ignorance = Count(group => group.AnyWrong && group.Whole == false);
        var generalization = Count(group => group.AllRight && group.Whole == false);
        var values = new OrderedDictionary<string, double?>();
        Add("Strict", Count(group => group.AllRight && group.Whole == true), Count(group => group.AnyWrong && group.Whole == true));
        Add("Loose", Count(group => group.AnyRight && group.Whole == true), Count(group => group.AllWrong && group.Whole == true));
        return values;

        void Add(string kind, int mastery, int rote)
        {
            values[$"Score ({kind})"] = (all - (0.5 * generalization) - rote - ignorance) / all * 100;
            foreach (var (name, count, of) in new[] { ("InsufficientKnowledge", ignorance, all), ("InadequateGeneralization", generalization, all), ("CompleteMastery", mastery, all), ("RoteMemorization", rote, mastery + rote) })
            {
                values[$"{name} ({kind})"] = of == 0 ? null : (double)count / of * 100; // 0 of 0 stops the official program
                values[$"{name} ({kind}), groups"] = count;
            }
        }
    }

    private static void Accuracies(OrderedDictionary<string, double?> values, KitTable table, KitVerdict[] verdicts, IReadOnlyList<WeMathGroup> groups)
    {
        // Only steps of groups count whose first step is there, as in the official joins.
        int[] steps = [.. groups.SelectMany(group => group.Steps).OfType<int>()];
        values["One-step(S1)"] = ShareTable.Mean(steps.Select(row => verdicts[row].Score)) * 100;
        values["Two-step(S2)"] = Whole(2);
        values["Three-step(S3)"] = Whole(3);
        var byConcept = steps.ToLookup(row => table[row, "knowledge concept"].TextOrNull ?? "", row => verdicts[row].Score, StringComparer.Ordinal);
        foreach (var (domain, concepts) in WeMathConcepts.Domains)
        {
            values[domain] = ShareTable.Mean(concepts.Select(concept => ShareTable.Mean(byConcept[concept])).OfType<double>()) * 100;
        }

        double? Whole(int count) => ShareTable.Mean(groups.Where(group => group.Steps.Count == count).Select(group => group.Whole).OfType<bool>().Select(right => right ? 1.0 : 0)) * 100;
    }
}

/// <summary>The answers to one composite problem and its steps; null where a row is missing.</summary>
/// <param name="Steps">Rows of the steps, in order.</param>
/// <param name="Right">[steps] whether they are right.</param>
/// <param name="Whole">Whether the composite problem is right.</param>
internal sealed record WeMathGroup(IReadOnlyList<int?> Steps, IReadOnlyList<bool?> Right, bool? Whole)
{
    public bool AllRight => Right.All(right => right == true);

    public bool AnyRight => Right.Any(right => right == true);

    public bool AllWrong => Right.All(right => right == false);

    public bool AnyWrong => Right.Any(right => right == false);

    /// <summary>The groups that have a first step: the official joins start from it.</summary>
    public static IReadOnlyList<WeMathGroup> Of(KitTable table, IReadOnlyList<KitVerdict> verdicts)
    {
        Dictionary<(string Key, string Id), int> rows = [];
        for (var row = 0; row < table.Count; row++)
        {
            var name = (table[row, "key"].Text, table[row, "ID"].Text);
            if (!rows.TryAdd(name, row))
            {
                throw new UserException($"WeMath: key {Quoted.Name(name.Item1)} occurs twice for ID {Quoted.Name(name.Item2)}; each step of a problem is one row");
            }
        }

        List<WeMathGroup> groups = [];
        foreach (var count in new[] { 2, 3 })
        {
            foreach (var ((_, id), _) in rows.Where(entry => entry.Key.Key == $"{count}steps_1"))
            {
                int?[] steps = [.. Enumerable.Range(1, count).Select(step => Row($"{count}steps_{step}", id))];
                groups.Add(new WeMathGroup(steps, [.. steps.Select(IsRight)], IsRight(Row($"{count}steps_multi", id))));
            }
        }

        return groups;

        int? Row(string key, string id) => rows.TryGetValue((key, id), out var row) ? row : null;
        bool? IsRight(int? row) => row is { } some ? verdicts[some].Score > 0 : null;
    }
}
