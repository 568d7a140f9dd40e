using System.Text.RegularExpressions;

namespace Corl.Data.Curation;

/// <summary>
/// The order of a question's options. It is drawn anew for every question, with the right one at the letter that has been right least
/// often, so that no letter is likelier. Options that speak of each other, and those whose letters the rationale names, keep their order.
/// </summary>
internal static partial class OptionOrder
{
    public const string Letters = "ABCDEFGHIJKLMN"; // those that the reward reads

    /// <summary>Which choice stands at each letter.</summary>
    /// <param name="problem">A problem with choices.</param>
    /// <param name="used">How often each letter has been right, 14 numbers.</param>
    /// <param name="random">The numbers of this problem.</param>
    public static int[] Arrange(Problem problem, IReadOnlyList<int> used, CounterRng random)
    {
        var count = problem.Choices.Length;
        if (IsFixed(problem))
        {
            return [.. Enumerable.Range(0, count)];
        }

        var least = Enumerable.Range(0, count).Min(letter => used[letter]);
        int[] rarest = [.. Enumerable.Range(0, count).Where(letter => used[letter] == least)];
        var place = random.Choice(rarest);
        List<int> order = [.. random.Sample(Enumerable.Range(0, count).Where(choice => choice != problem.Correct), count - 1)];
        order.Insert(place, problem.Correct);
        return [.. order];
    }

    /// <summary>Whether the order must stay.</summary>
    public static bool IsFixed(Problem problem) =>
        problem.Choices.Any(choice => OfOthers().IsMatch(choice)) || (problem.Rationale is { } rationale && NamesALetter().IsMatch(rationale));

    [GeneratedRegex(@"\b(?:all|none|both|neither|either|any) (?:of )?(?:the )?(?:above|these|those|other|others)\b|\babove\b|^(?:both |neither )?\(?[A-N]\)?,? (?:and|or|nor) \(?[A-N]\)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex OfOthers();

    [GeneratedRegex(@"\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer(?: is)?):? ?\(?[A-N]\b|\([A-N]\)", RegexOptions.CultureInvariant)]
    private static partial Regex NamesALetter();
}
