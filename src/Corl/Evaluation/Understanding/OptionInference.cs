using System.Text;
using System.Text.RegularExpressions;
using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Which option an answer means, by the kit's rules: a single option letter among its words, otherwise the only option whose text it
/// contains. No judge is asked.
/// </summary>
internal static partial class OptionInference
{
    /// <summary>The letter that stands for "none of the options".</summary>
    public const string NoneOfThem = "Z";

    /// <summary>What the kit's judge client returns when a call fails; an answer with it matches nothing.</summary>
    public const string ApiFailure = "Failed to obtain answer via API";

    private const string Blanked = ".()[],:;!*#{}"; // read as spaces before the answer is split into words

    private const int TailWords = 4; // at head the letter counts only among this many last words

    private static readonly string[] Refusals =
    [
        "Sorry, I can't help with images of people yet.", "I can't process this file.", "I'm sorry, but without the image provided", "Cannot determine the answer",
    ];

    /// <summary>The option's letter, "Z", or null when nothing can be told.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="options">Letters with their texts, in order.</param>
    /// <param name="profile">The kit's state.</param>
    public static string? Infer(string answer, IReadOnlyList<(string Letter, string Text)> options, KitProfile profile) =>
        ByLetter(answer, options, profile) ?? ByText(answer, options, profile);

    /// <summary>The first step: option letters among the answer's words.</summary>
    public static string? ByLetter(string answer, IReadOnlyList<(string Letter, string Text)> options, KitProfile profile)
    {
        if (answer.Contains(ApiFailure, StringComparison.Ordinal))
        {
            return null;
        }

        if (Refusals.Any(refusal => answer.Contains(refusal, StringComparison.Ordinal)))
        {
            return NoneOfThem;
        }

        var blanked = new StringBuilder(answer);
        foreach (var c in Blanked)
        {
            blanked.Replace(c, ' ');
        }

        var words = PythonText.Words(blanked.ToString());
        var found = options.Where(option => words.Contains(option.Letter, StringComparer.Ordinal)).Select(option => option.Letter).ToArray();
        if (found.Length == 1 && (profile == KitProfile.May2025 || Array.IndexOf(words, found[0]) >= words.Length - TailWords))
        {
            return found[0];
        }

        if (found.Length == 0 && words.Contains(NoneOfThem, StringComparer.Ordinal))
        {
            return NoneOfThem;
        }

        // No word boundary behind the letter: "the answer is blue" means B. A mistake of the kit's that its numbers depend on.
        return profile == KitProfile.Head && AnswerIs().Match(answer) is { Success: true } match
            && match.Groups[1].Value.ToUpperInvariant() is var letter && options.Any(option => option.Letter == letter) ? letter : null;
    }

    /// <summary>The second step: the only option whose text is part of the answer, in lower case.</summary>
    public static string? ByText(string answer, IReadOnlyList<(string Letter, string Text)> options, KitProfile profile)
    {
        if (profile == KitProfile.Head && CodePoints(PythonText.Lower(answer)) > 2 * options.Sum(option => CodePoints(option.Text)))
        {
            return null;
        }

        var said = PythonText.Lower(answer);
        var found = options.Where(option => said.Contains(PythonText.Lower(option.Text), StringComparison.Ordinal)).Take(2).ToArray();
        return found.Length == 1 ? found[0].Letter : null;
    }

    private static int CodePoints(string text) => text.EnumerateRunes().Count();

    [GeneratedRegex(@"(?:correct\s+)?answer\s+is\s+\**([ABCD])\**", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AnswerIs();
}
