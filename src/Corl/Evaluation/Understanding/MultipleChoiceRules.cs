using System.Text.RegularExpressions;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// MMMU and MMStar: the option that the matcher, or else the judge, reads from the answer is the right one. The table has the share of hits
/// per split (0 to 1), over all rows and by category; MMMU's number is that of its validation split.
/// </summary>
internal static partial class MultipleChoiceRules
{
    private const int Calls = 3; // of the judge for one row
    private static readonly string[] GroupColumns = ["split", "l2-category", "category"]; // the first makes rows of the table, the others columns
    private const string OtherAnswers = "Other Answers"; // the second option that an open question of MMMU gets

    public static async Task<KitScores> ScoreMmmu(KitScoring scoring)
    {
        var verdicts = await Judge(scoring, "mcq/match");
        var parts = Table(scoring.Table, verdicts);
        return new KitScores(parts.FirstOrDefault(row => row.Name == "validation")?.Values["Overall"] * 100, parts, verdicts);
    }

    public static async Task<KitScores> ScoreMmStar(KitScoring scoring)
    {
        var verdicts = await Judge(scoring, "mcq/match");
        var parts = Table(scoring.Table, verdicts);
        return new KitScores(ShareTable.Mean(verdicts.Select(verdict => verdict.Score)) * 100, parts, verdicts);
    }

    /// <summary>The verdict on every row.</summary>
    public static Task<KitVerdict[]> Judge(KitScoring scoring, string prompt) => scoring.EachRow(async (row, interrupt) =>
    {
        var options = KitPrompt.Options(scoring.Table, row);
        var truth = scoring.Text(row, "answer");
        if (scoring.Task.Name == "mmmu")
        {
            (options, truth) = AsChoice(options, truth);
        }

        var answer = scoring.Text(row, "prediction");
        var groups = GroupColumns.Select(column => scoring.Table[row, column].TextOrNull).OfType<string>().ToArray();
        if (OptionInference.Infer(answer, options, scoring.Profile) is { } letter)
        {
            return KitVerdict.Of(letter == truth, $"the answer says {letter}, {truth} is right", letter) with { Groups = groups };
        }

        if (scoring.Judge is null)
        {
            return KitVerdict.Of(false, "no single option can be read from the answer, and no judge is asked", OptionInference.NoneOfThem) with { Groups = groups };
        }

        List<string> replies = [];
        (string, string)[] slots =
        [
            ("question", scoring.Text(row, "question").Replace(WeMathRules.Requirement, "", StringComparison.Ordinal)), // no other benchmark has that sentence
            ("options", $"There are several options: \n{KitPrompt.Lines(options)}"), ("prediction", answer),
        ];
        var asked = prompt == "mcq/match" && Chinese().IsMatch(scoring.Text(row, "question")) ? "mcq/match-zh" : prompt;
        for (var call = 0; call < Calls; call++)
        {
            var reply = await scoring.Ask(row, asked, slots, call, temperature: 0, maxTokens: null, replies, interrupt);
            if (OptionInference.Infer(reply, options, scoring.Profile) is { } matched)
            {
                return KitVerdict.Of(matched == truth, $"the judge reads {matched}, {truth} is right", matched) with { Groups = groups, Replies = replies };
            }
        }

        // The kit draws an option at random here; a number must not depend on luck.
        return KitVerdict.Of(false, $"{Calls} replies of the judge name no option", OptionInference.NoneOfThem) with { Groups = groups, Replies = replies };
    });

    /// <summary>An open question of MMMU becomes one of two options, the first of them right; a right answer that is no letter becomes A.</summary>
    private static (List<(string Letter, string Text)> Options, string Truth) AsChoice(List<(string Letter, string Text)> options, string truth)
    {
        if (!options.Any(option => option.Letter == "A"))
        {
            options = [("A", truth), ("B", OtherAnswers), .. options.Where(option => option.Letter != "B")];
        }

        return (options, truth is [>= 'A' and <= 'Z'] ? truth : "A");
    }

    private static IReadOnlyList<ScoreRow> Table(KitTable table, KitVerdict[] verdicts)
    {
        var splits = table.Has("split") ? ShareTable.Values(table, "split") : ["none"];
        return [.. splits.Select(split =>
        {
            int[] rows = [.. Enumerable.Range(0, table.Count).Where(row => !table.Has("split") || table[row, "split"].TextOrNull == split)];
            var values = new OrderedDictionary<string, double?> { ["Overall"] = ShareTable.Mean(rows.Select(row => verdicts[row].Score)) };
            foreach (var column in GroupColumns[1..])
            {
                foreach (var value in ShareTable.Values(table, column))
                {
                    values[value] = ShareTable.Mean(rows.Where(row => table[row, column].TextOrNull == value).Select(row => verdicts[row].Score));
                }
            }

            return new ScoreRow(split, values);
        })];
    }

    [GeneratedRegex("[\u4e00-\u9fff]")]
    private static partial Regex Chinese();
}
