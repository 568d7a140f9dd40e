using System.Text.RegularExpressions;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// LogicVista: a judge names the letters that the answer chose; they must be exactly the right ones. Percent of hits over all rows and by
/// skill. Only a judge can tell; the stand-in takes the capital letters that stand alone in the answer.
/// </summary>
internal static partial class LogicVistaRules
{
    private const int Calls = 5;
    private const double Warmer = 0.5;
    private static readonly string[] Skills = ["inductive", "deductive", "numerical", "spatial", "mechanical"];

    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var verdicts = await scoring.EachRow((row, interrupt) => scoring.Judge is null ? Task.FromResult(StandIn(scoring, row)) : Judge(scoring, row, interrupt));
        var parts = ShareTable.Counts([.. verdicts.Select(verdict => verdict.Groups)], prefetched: null, [.. verdicts.Select(verdict => verdict.Score > 0)]);
        return new KitScores(parts[0].Values["acc"], parts, verdicts);
    }

    private static async Task<KitVerdict> Judge(KitScoring scoring, int row, CancellationToken interrupt)
    {
        List<string> replies = [];
        var truth = scoring.Text(row, "answer");
        (string, string)[] slots = [("question", scoring.Text(row, "question")), ("prediction", scoring.Text(row, "prediction"))];
        for (var call = 0; call < Calls; call++)
        {
            var reply = await scoring.Ask(row, "logicvista/match", slots, call, call * Warmer, KitScoring.ShortReply, replies, interrupt);
            if (!KitScoring.IsFailure(reply) && IsUpperLetters(reply))
            {
                return KitVerdict.Of(Sorted(reply) == SortedTruth(truth), $"the judge reads {reply}, {truth} is right", reply) with { Groups = Groups(scoring, row), Replies = replies };
            }
        }

        return KitVerdict.Of(false, $"{Calls} replies of the judge are no capital letters") with { Groups = Groups(scoring, row), Replies = replies };
    }

    private static KitVerdict StandIn(KitScoring scoring, int row)
    {
        var said = string.Concat(LoneLetter().Matches(scoring.Text(row, "prediction")).Select(match => match.Value).Distinct());
        var truth = scoring.Text(row, "answer");
        return KitVerdict.Of(said.Length > 0 && Sorted(said) == SortedTruth(truth), $"stand-in for the judge: the answer's lone capital letters are {(said.Length > 0 ? said : "none")}, {truth} is right", said) with { Groups = Groups(scoring, row) };
    }

    private static string[] Groups(KitScoring scoring, int row) => [.. Skills.Where(skill => scoring.Text(row, "skill").Contains(skill, StringComparison.Ordinal))];

    // isupper() and isalpha(): letters only, none of them in lower case, at least one that has cases.
    private static bool IsUpperLetters(string reply) =>
        reply.Length > 0 && reply.All(char.IsLetter) && reply.Any(char.IsUpper) && !reply.Any(c => char.IsLower(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.TitlecaseLetter);

    private static string Sorted(string letters) => string.Concat(letters.ToLowerInvariant().Order());

    // The letters are separated by a comma and a space; other separators stay in the text and can never be said.
    private static string SortedTruth(string truth) => string.Concat(truth.Split(", ").Select(letter => letter.ToLowerInvariant()).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"(?<!\w)[A-I](?!\w)")]
    private static partial Regex LoneLetter();
}
