using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Corl.Text.Mathematics;

namespace Corl.Text;

/// <summary>
/// Whether an answer is right: the binary accuracy of §3.3.1. A bare letter, a letter with its option's text, an anchored phrase ("the
/// answer is B") or the text of exactly one option are recognised; a letter somewhere in prose is not, and naming two is wrong.
/// Nothing is ever right by containing the truth. Linear time on any answer.
/// </summary>
public static partial class AnswerMatch
{
    private const int MaxLength = 10_000; // characters; ours: an answer has one to three words, a whole response a few thousand characters

    /// <summary>Judges a response: the answer is extracted (<see cref="AnswerTags.Extract"/>), then compared with the truth.</summary>
    /// <param name="isMultipleChoice">Whether the truth is an option letter; otherwise the answer is open-ended.</param>
    /// <param name="question">The question with its options, one on each line.</param>
    /// <param name="solution">The true answer, with or without answer tags.</param>
    /// <param name="response">What the model wrote.</param>
    /// <param name="equivalence">How much mathematics is understood in open-ended answers.</param>
    public static Verdict Accuracy(bool isMultipleChoice, string question, string solution, string response, MathLevel equivalence = MathLevel.None)
    {
        var (answer, how) = AnswerTags.Extract(response);
        if (answer is null)
        {
            return new Verdict(0, how);
        }

        if (answer.Length > MaxLength)
        {
            return Verdict.Of(false, how + "; too long for an answer");
        }

        var truth = AnswerTags.Truth(solution);
        var verdict = isMultipleChoice ? MultipleChoice(question, truth, answer) : OpenEndedAnswer.Judge(truth, answer, equivalence);
        return verdict with { Rule = $"{how}; {verdict.Rule}" };
    }

    /// <summary>Judges an extracted answer to a multiple-choice question whose true option is the letter <paramref name="truth"/>.</summary>
    public static Verdict MultipleChoice(string question, string truth, string answer)
    {
        truth = PythonText.Trim(truth).ToString().ToUpperInvariant();
        var text = PythonText.Collapse(answer);
        if (answer.Length == 0)
        {
            return Verdict.Of(false, "empty answer");
        }

        if (LetterAlone().Match(text) is { Success: true } alone)
        {
            return Verdict.Of(alone.Groups[1].Value.Equals(truth, StringComparison.OrdinalIgnoreCase), "letter alone");
        }

        var options = Options(question);
        var lettered = LetterSeparator().Match(text);
        if (lettered.Success)
        {
            var (letter, plain) = (lettered.Groups[1].Value, Plain(AnswerCleaning.Clean(text[lettered.Length..])));
            var withText = options.Where(option => Plain(option.Text) == plain).Select(option => option.Letter).ToList();
            return withText.Count > 0 && !withText.Contains(letter)
                ? Verdict.Of(false, "letter and text contradict")
                : Verdict.Of(letter == truth, "letter with text");
        }

        if (Anchored(text, truth) is { } anchored)
        {
            return anchored;
        }

        var words = Plain(answer);
        var hits = options.Where(option => words.Length > 0 && Plain(option.Text) == words).ToList();
        return hits.Count == 1 ? Verdict.Of(hits[0].Letter == truth, "option text") : Verdict.Of(false, "nothing recognised");
    }

    /// <summary>The options written on lines of their own as "A. text", "A) text", "(A) text" or "A: text", letters A to N; the last of a letter wins.</summary>
    internal static List<(string Letter, string Text)> Options(string question)
    {
        var options = new List<(string Letter, string Text)>();
        foreach (var line in question.Split(LineBreaks, StringSplitOptions.None))
        {
            var match = OptionLine().Match(PythonText.Collapse(line));
            if (match.Success)
            {
                var letter = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
                options.RemoveAll(option => option.Letter == letter);
                options.Add((letter, match.Groups[3].Value));
            }
        }

        return options;
    }

    /// <summary>Lower case without punctuation and articles, words joined by one space.</summary>
    internal static string Plain(string text)
    {
        var letters = new StringBuilder();
        Span<char> units = stackalloc char[2]; // UTF-16 code units of a character
        foreach (var rune in UnicodeForms.Compatibility(text).ToLowerInvariant().EnumerateRunes())
        {
            _ = PythonText.IsWord(rune) ? letters.Append(units[..rune.EncodeToUtf16(units)]) : letters.Append(' ');
        }

        return string.Join(' ', letters.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word is not ("a" or "an" or "the")));
    }

    // "the answer is X", "choose X": null when there is none. Lower-case letters count at the end only, so that "pick a card" says nothing.
    private static Verdict? Anchored(string text, string truth)
    {
        string? chosen = null;
        foreach (var match in Anchor().EnumerateMatches(text))
        {
            var end = match.Index + match.Length;
            var phrase = text.AsSpan(match.Index, match.Length).TrimEnd(")]");
            var letter = phrase[^1];
            var continues = char.IsLower(letter) ? text.AsSpan(end).ContainsAnyExcept(AfterLetter) : GoesOnAsProse().IsMatch(text, end);
            if (continues)
            {
                continue;
            }

            if (Alternative().IsMatch(text, end))
            {
                return Verdict.Of(false, "hedge");
            }

            var upper = char.ToUpperInvariant(letter).ToString();
            if (chosen is not null && chosen != upper)
            {
                return Verdict.Of(false, "anchored letters disagree");
            }

            chosen = upper;
        }

        return chosen is null ? null : Verdict.Of(chosen == truth, "anchored letter");
    }

    private static readonly SearchValues<char> AfterLetter = SearchValues.Create(" .,;:!?)]");

    // str.splitlines()
    private static readonly string[] LineBreaks = ["\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"];

    // All patterns run over text whose white space is collapsed (PythonText.Collapse), so " ?" stands for any amount of it.
    [GeneratedRegex(@"^(?:\(([A-N])\)|([A-N])[.):]) ?(.+)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex OptionLine();

    [GeneratedRegex(@"\A[(\[{<]? ?([A-Na-n]) ?[)\]}>]? ?[.:)]?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LetterAlone();

    [GeneratedRegex(@"\A[(\[]?([A-N])(?: ?[)\].:]+ ?| [-–—] )(?=.)", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex LetterSeparator();

    [GeneratedRegex(
        @"\b(?:answer|option|choice|select|choose|pick)\b(?: ?(?:is|:|=|would be|should be))? ?(?:(?:option|choice|letter)\b ?)?[(\[]?[A-N][)\]]?(?=\z|[ .,;:!?)\]])",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Anchor();

    [GeneratedRegex(@"\G (?!or\b|and\b|because\b|since\b|as\b|not\b|but\b)\w", RegexOptions.CultureInvariant)]
    private static partial Regex GoesOnAsProse();

    [GeneratedRegex(@"\G ?,? ?(?:or|and) [(\[]?[A-N]\b", RegexOptions.CultureInvariant)]
    private static partial Regex Alternative();
}
