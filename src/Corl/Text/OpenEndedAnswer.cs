using System.Text;
using System.Text.RegularExpressions;
using Corl.Text.Mathematics;

namespace Corl.Text;

/// <summary>
/// Open-ended answers: equal after normalisation (case, punctuation, a leading article, spelling variants), equal as numbers, the right
/// yes or no, or the same list in any order. "two dogs" is not "two", "10%" is not "10".
/// </summary>
internal static partial class OpenEndedAnswer
{
    // British and other variants met in answers to visual questions.
    private static readonly Dictionary<string, string> Spelling = new()
    {
        ["grey"] = "gray",
        ["colour"] = "color",
        ["centre"] = "center",
        ["theatre"] = "theater",
        ["metre"] = "meter",
        ["litre"] = "liter",
        ["aeroplane"] = "airplane",
        ["doughnut"] = "donut",
        ["tyre"] = "tire",
        ["pyjamas"] = "pajamas",
    };

    /// <summary>Judges a cleaned answer; the truth is cleaned here. What is equal as mathematics of the given level is right too.</summary>
    public static Verdict Judge(string truth, string answer, MathLevel level = MathLevel.None)
    {
        truth = AnswerCleaning.Clean(truth);
        if (answer.Length == 0)
        {
            return Verdict.Of(false, "empty answer");
        }

        var (given, wanted) = (Normalise(answer), Normalise(truth));
        if (given.Length > 0 && given == wanted)
        {
            return Verdict.Of(true, "equal text");
        }

        if (level != MathLevel.None && MathAnswer.Compare(truth, answer, level) is (true, var reason))
        {
            return Verdict.Of(true, reason);
        }

        if (AnswerNumber.Parse(truth) is { } wantedNumber && AnswerNumber.Parse(answer) is { } givenNumber)
        {
            return Verdict.Of(givenNumber == wantedNumber, "numbers compared");
        }

        if (wanted is "yes" or "no")
        {
            return Verdict.Of(StartsWithWord(PythonText.Trim(answer.ToLowerInvariant()), wanted), "yes or no");
        }

        var (givenItems, wantedItems) = (Items(answer), Items(truth));
        var isSameList = givenItems.Count > 1 && givenItems.SequenceEqual(wantedItems);
        return Verdict.Of(isSameList, isSameList ? "same list" : "different");
    }

    private static string Normalise(string text)
    {
        var letters = UnicodeForms.Compatibility(text).ToLowerInvariant().ToCharArray();
        var wasDigit = false;
        for (var i = 0; i < letters.Length; i++)
        {
            var c = letters[i];
            var isBeforeDigit = i + 1 < letters.Length && char.IsDigit(letters[i + 1]);
            // A point, comma, colon or slash stays inside a number ("3:30"), a point also at its start (".5").
            var isInNumber = c is '.' or ',' or ':' or '/' && isBeforeDigit && (wasDigit || c == '.');
            wasDigit = char.IsDigit(c);
            if (!isInNumber && ".,:/;!?\"'()[]{}`*_".Contains(c))
            {
                letters[i] = ' ';
            }
        }

        var words = PythonText.Words(new string(letters)).Select(word => Spelling.GetValueOrDefault(word, word)).ToList();
        return string.Join(' ', words is ["a" or "an" or "the", ..] ? words.Skip(1) : words);
    }

    private static List<string> Items(string text) =>
        [.. Separator().Split(PythonText.Collapse(text.ToLowerInvariant())).Select(Normalise).Where(item => item.Length > 0).Order(StringComparer.Ordinal)];

    // "Yes, it is" says yes, "yes and no" does not.
    private static bool StartsWithWord(ReadOnlySpan<char> text, string word)
    {
        if (!text.StartsWith(word, StringComparison.Ordinal))
        {
            return false;
        }

        return text.Length == word.Length
            || (!PythonText.IsSpace(text[word.Length]) && Rune.DecodeFromUtf16(text[word.Length..], out var next, out _) == System.Buffers.OperationStatus.Done && !PythonText.IsWord(next));
    }

    [GeneratedRegex(", | and | ?& ?", RegexOptions.CultureInvariant)]
    private static partial Regex Separator();
}
