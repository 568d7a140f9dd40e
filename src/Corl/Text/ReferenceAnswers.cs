using System.Globalization;
using System.Text.RegularExpressions;

namespace Corl.Text;

/// <summary>
/// Answers and format as the reference program (ULM-R1) judges them, for comparison with published runs: an answer that is not equal gets
/// partial credit for similar words, and the format allows dots between the blocks, repeated tags and empty contents.
/// <see cref="AnswerMatch"/> and <see cref="AnswerTags"/> are the paper's rules.
/// </summary>
public static partial class ReferenceAnswers
{
    private const double Similar = 0.8; // the least ratio of two words that count as similar
    private const double TagShare = 0.125; // of a tag that occurs exactly once

    // The single words that its number reader knows; "point" alone reads as 0 there.
    private static readonly Dictionary<string, string> NumberWords = Numbers();

    /// <summary>1 when the whole response is a think block, white space or dots, and an answer block; anything may stand inside.</summary>
    public static double Format(string response)
    {
        if (!response.StartsWith(AnswerTags.ThinkOpen, StringComparison.Ordinal) || !response.EndsWith(AnswerTags.AnswerClose, StringComparison.Ordinal))
        {
            return 0;
        }

        var at = AnswerTags.ThinkOpen.Length;
        while ((at = response.IndexOf(AnswerTags.ThinkClose, at, StringComparison.Ordinal)) >= 0)
        {
            at += AnswerTags.ThinkClose.Length;
            while (at < response.Length && (response[at] == '.' || PythonText.IsSpace(response[at])))
            {
                at++;
            }

            var contents = at + AnswerTags.AnswerOpen.Length;
            if (contents + AnswerTags.AnswerClose.Length <= response.Length && response.AsSpan(at).StartsWith(AnswerTags.AnswerOpen, StringComparison.Ordinal))
            {
                return 1;
            }
        }

        return 0;
    }

    /// <summary>An eighth for each of the four tags that occurs exactly once.</summary>
    public static double FormatTags(string response) => AnswerTags.All.Sum(tag =>
    {
        var first = response.IndexOf(tag, StringComparison.Ordinal);
        return first >= 0 && response.IndexOf(tag, first + tag.Length, StringComparison.Ordinal) < 0 ? TagShare : 0;
    });

    /// <summary>The accuracy of a response.</summary>
    /// <param name="isMultipleChoice">
    /// Whether its rules for multiple choice apply. Its trainer never reaches them (it compares a list with a string), so that false gives
    /// what the published run computed, for every kind of question.
    /// </param>
    /// <param name="question">The question with its options, one on each line as "A. text".</param>
    /// <param name="solution">The true answer, with or without answer tags.</param>
    /// <param name="response">What the model wrote.</param>
    public static Verdict Accuracy(bool isMultipleChoice, string question, string solution, string response)
    {
        var truth = PythonText.Trim(FirstAnswerOnOneLine(solution) ?? solution).ToString();
        var answer = PythonText.Trim(FirstAnswerOnOneLine(response) ?? WithoutTags(response)).ToString();
        return IsEqual(answer, truth) ? new Verdict(1, "equal")
            : isMultipleChoice ? Choice(question, truth, answer)
            : new Verdict(SoftJaccard(answer.TrimEnd('.', ',', '!', '?'), truth), "similar words");
    }

    private static Verdict Choice(string question, string truth, string answer)
    {
        if (IsShort(answer))
        {
            return new(0, "another letter");
        }

        if (ContainsWord(answer, truth))
        {
            var letter = Array.Find(LetterPatterns, pattern => pattern.IsMatch(answer))?.Match(answer).Groups[1].Value ?? answer;
            return Verdict.Of(IsShort(letter) && IsEqual(letter, truth), "letter in a phrase");
        }

        var option = OptionLine().Matches(question).FirstOrDefault(match => match.Groups[1].Value == truth)?.Groups[2].Value;
        if (option is null)
        {
            return new(0, "the reference raises TypeError: it finds no text for this option");
        }

        option = PythonText.Trim(option).ToString();
        var quoted = Array.Find(QuotePatterns, pattern => pattern.IsMatch(answer))?.Match(answer).Groups[1].Value.Trim() ?? answer;
        return Verdict.Of(ContainsWord(answer, option) && IsEqual(quoted, option), "option text");
    }

    /// <summary>
    /// Words shared over words of both, where words of ratio 0.8 and more count as much as they are similar. Each word is paired with the
    /// most similar free one, in the order of the text.
    /// </summary>
    internal static double SoftJaccard(string first, string second)
    {
        var (a, b) = (Words(first), Words(second));
        var exact = a.Intersect(b).ToHashSet();
        List<string> free = [.. b.Where(word => !exact.Contains(word))];
        double shared = exact.Count;
        foreach (var word in a.Where(word => !exact.Contains(word)))
        {
            var (best, ratio) = (-1, 0.0);
            for (var i = 0; i < free.Count; i++)
            {
                if (SequenceRatio.Bound(word.Length, free[i].Length) >= Similar && SequenceRatio.Of(word, free[i]) is var other && other > ratio && other >= Similar)
                {
                    (best, ratio) = (i, other);
                }
            }

            if (best >= 0)
            {
                shared += ratio;
                free.RemoveAt(best);
            }
        }

        var union = a.Count + b.Count - shared;
        return union > 0 ? shared / union : 0;
    }

    private static List<string> Words(string text) => [.. PythonText.Words(text.ToLowerInvariant()).Distinct()];

    private static bool IsShort(string answer) => answer.Length <= 2 || (answer.Length <= 4 && answer.EnumerateRunes().Count() <= 2);

    private static bool IsEqual(string answer, string truth)
    {
        var (given, wanted) = (Lower(answer.TrimEnd('.')), Lower(truth));
        return given == wanted || NumberWords.GetValueOrDefault(given) == wanted || (NumberWords.TryGetValue(wanted, out var number) && number == given);
    }

    private static string Lower(string text) => PythonText.Trim(text.ToLowerInvariant()).ToString();

    // Its search for answer tags stops at the end of a line.
    private static string? FirstAnswerOnOneLine(string text)
    {
        var (close, line) = (-1, -1);
        for (var open = text.IndexOf(AnswerTags.AnswerOpen, StringComparison.Ordinal); open >= 0; open = text.IndexOf(AnswerTags.AnswerOpen, open + 1, StringComparison.Ordinal))
        {
            var start = open + AnswerTags.AnswerOpen.Length;
            close = close < start ? text.IndexOf(AnswerTags.AnswerClose, start, StringComparison.Ordinal) : close;
            if (close < 0)
            {
                return null;
            }

            line = line < start ? text.IndexOf('\n', start) is var found && found >= 0 ? found : text.Length : line;
            if (close < line)
            {
                return text[start..close];
            }
        }

        return null;
    }

    private static string WithoutTags(string response) => AnswerTags.WithoutTags(AnswerTags.Blocks(response, AnswerTags.ThinkOpen, AnswerTags.ThinkClose, out _))
        .Replace("Answer:", "", StringComparison.Ordinal).Replace("Answer", "", StringComparison.Ordinal);

    // The word between word boundaries, as a regular expression's \b sees them.
    private static bool ContainsWord(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = at < text.Length ? text.IndexOf(word, at + 1, StringComparison.Ordinal) : -1)
        {
            if (IsBoundary(text, at) && IsBoundary(text, at + word.Length))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBoundary(string text, int at) => IsWord(text, at - 1) != IsWord(text, at);

    private static bool IsWord(string text, int at) => at >= 0 && at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_');

    private static Dictionary<string, string> Numbers()
    {
        var words = new Dictionary<string, string> { ["point"] = "0" };
        var small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".Split(' ');
        var tens = "twenty thirty forty fifty sixty seventy eighty ninety".Split(' ');
        foreach (var (word, value) in small.Select((word, i) => (word, i)).Concat(tens.Select((word, i) => (word, 20 + (10 * i))))
            .Concat([("hundred", 100), ("thousand", 1000), ("million", 1_000_000), ("billion", 1_000_000_000)]))
        {
            words[word] = value.ToString(CultureInfo.InvariantCulture);
        }

        return words;
    }

    // Linear-time matching: the answers are a model's.
    private static Regex Linear(string pattern, RegexOptions options = RegexOptions.None) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | options);

    private static readonly Regex[] LetterPatterns =
    [
        Linear(@"(?:answer|choice|option|select|choose|pick)\s(?:is|as|being|would be|should be|:)?\s*(?:option\s|choice\s|letter\s)?([A-Z])(?:\b|\.|\))"),
        Linear(@"\b(?:select|choose|pick)\s(?:option\s|choice\s|letter\s)?([A-Z])(?:\b|\.|\))"),
        Linear("[Tt]he answer is ([A-Z])"),
        Linear("[Tt]he correct answer is ([A-Z])"),
        Linear("[Aa]nswer is ([A-Z])"),
        Linear("[Oo]ption ([A-Z])"),
        Linear("[Cc]hoice ([A-Z])"),
    ];

    private static readonly Regex[] QuotePatterns =
    [
        Linear(@"(?:answer|choice)(?:\s+is|\s*=|\s*:)\s*""([^""]+)""", RegexOptions.IgnoreCase),
        Linear(@"(?:answer|choice)(?:\s+is|\s*=|\s*:)\s*'([^']+)'", RegexOptions.IgnoreCase),
        Linear(@"(?:correct|right)(?:\s+answer|\s+choice)(?:\s+is|\s*=|\s*:)\s*""([^""]+)""", RegexOptions.IgnoreCase),
        Linear(@"(?:correct|right)(?:\s+answer|\s+choice)(?:\s+is|\s*=|\s*:)\s*'([^']+)'", RegexOptions.IgnoreCase),
    ];

    [GeneratedRegex(@"^\s*([A-Na-n])\.\s*(.+?)\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex OptionLine();
}
