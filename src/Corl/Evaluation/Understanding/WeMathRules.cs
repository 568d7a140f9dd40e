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
        int Count(Func<WeMathGroup, bool> is_) => groups.Count(is_);
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

    private static void Accuracies(OrderedDictionary<string, double?> values, KitTable table, 