namespace Corl.Text.Learnt;

/// <summary>
/// Words of a caption as the Penn Treebank writes them and the original program's tokenizer finds them: contractions split, punctuation by
/// itself, brackets and double quotes by their names. A sentence ends after . ! or ?.
/// </summary>
internal static class TreebankTokenizer
{
    // Ours: far beyond any caption or prompt; what follows is not read, so that time is bounded whatever the text.
    private const int MaxCharacters = 20_000, MaxWords = 1_000;
    private const int LongestSentence = 200; // words; the time for a tree grows with their third power, and the treebank's longest has 132

    private static readonly string[] Contractions = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];
    private static readonly HashSet<string> Abbreviations = ["mr", "mrs", "ms", "dr", "st", "jr", "sr", "vs", "etc", "inc", "co", "ave", "mt", "no", "lt", "gen", "sgt", "capt", "prof", "rev", "blvd", "ltd", "corp", "rd"];
    private static readonly string[] Brackets = ["-lrb-", "-rrb-", "-lsb-", "-rsb-"]; // as some captions write them

    private static readonly Dictionary<string, string[]> Split = new()
    {
        ["cannot"] = ["can", "not"],
        ["gonna"] = ["gon", "na"],
        ["wanna"] = ["wan", "na"],
        ["gotta"] = ["got", "ta"],
        ["gimme"] = ["gim", "me"],
        ["lemme"] = ["lem", "me"],
    };

    /// <summary>The words of each sentence; no sentence is empty.</summary>
    public static List<List<string>> Sentences(string caption)
    {
        var text = (caption.Length > MaxCharacters ? caption[..MaxCharacters] : caption).Replace('’', '\'').Replace('‘', '\'');
        List<List<string>> sentences = [];
        List<string> words = [];
        var (count, isQuoted) = (0, false);
        for (var at = 0; at < text.Length && count < MaxWords; count++)
        {
            if (words.Count >= LongestSentence)
            {
                sentences.Add(words);
                words = [];
            }

            if (char.IsWhiteSpace(text[at]) || char.IsControl(text[at]))
            {
                at++;
                continue;
            }

            var length = WordLength(text, at);
            if (length > 0)
            {
                var word = text.Substring(at, length);
                AddWord(words, word);
                at += length;
                if (word.Length > 2 && word[^1] == '.' && IsEnd(text, at))
                {
                    words.Add("."); // the point of an abbreviation ends the sentence too
                }

                continue;
            }

            (var mark, length) = Mark(text, at, ref isQuoted);
            words.Add(mark);
            at += length;
            if (mark is "." or "!" or "?" && !(at < text.Length && text[at] is '.' or '!' or '?' or '"' or '\''))
            {
                sentences.Add(words);
                words = [];
            }
        }

        if (words.Count > 0)
        {
            sentences.Add(words);
        }

        return sentences;
    }

    // Letters and digits with single marks between them; abbreviations keep their point.
    private static int WordLength(string text, int start)
    {
        var at = start;
        if (text[at] == '\'')
        {
            var ending = Array.Find(Contractions, ending => ending[0] == '\'' && text.AsSpan(start).StartsWith(ending, StringComparison.OrdinalIgnoreCase) && !(start + ending.Length < text.Length && IsPart(text[start + ending.Length])));
            return ending?.Length ?? 0;
        }

        if (Array.Find(Brackets, name => text.AsSpan(start).StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } bracket)
        {
            return bracket.Length;
        }

        if (text[at] is '.' or '-' && at + 1 < text.Length && char.IsDigit(text[at + 1]) && (at == 0 || char.IsWhiteSpace(text[at - 1])))
        {
            at++;
        }

        var first = at;
        for (; at < text.Length; at++)
        {
            if (IsPart(text[at]))
            {
                continue;
            }

            var isBetween = at > first && at + 1 < text.Length && IsPart(text[at + 1]);
            var isDigits = isBetween && char.IsDigit(text[at - 1]) && char.IsDigit(text[at + 1]);
            var isInside = isBetween && (text[at] switch
            {
                '-' or '\'' or '&' or '@' or '/' or '.' => true,
                ',' or ':' => isDigits,
                _ => false,
            });
            if (!isInside)
            {
                break;
            }
        }

        return at > first && at < text.Length && text[at] == '.' && KeepsPoint(text, first, at) ? at + 1 - start : at > first ? at - start : 0;
    }

    // Abbreviations, u.s. and the like, and a single letter that ends the text.
    private static bool KeepsPoint(string text, int first, int point)
    {
        var word = text.AsSpan(first, point - first);
        return IsAcronym(word) || Abbreviations.Contains(word.ToString().ToLowerInvariant()) || (word.Length == 1 && char.IsLetter(word[0]) && IsEnd(text, point + 1));
    }

    private static bool IsAcronym(ReadOnlySpan<char> word) => word.Length > 2 && word[^2] == '.' && word[^3] is not '.' && char.IsLetter(word[^1]) && (word.Length == 3 || word[^4] == '.');

    private static bool IsEnd(string text, int at) => text.AsSpan(at).IsWhiteSpace();

    private static bool IsPart(char c) => char.IsLetterOrDigit(c) || c is '_' || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark;

    private static (string Mark, int Length) Mark(string text, int at, ref bool isQuoted)
    {
        switch (text[at])
        {
            case '(' or '[' or '{':
                return (text[at] switch { '(' => "-LRB-", '[' => "-LSB-", _ => "-LCB-" }, 1);
            case ')' or ']' or '}':
                return (text[at] switch { ')' => "-RRB-", ']' => "-RSB-", _ => "-RCB-" }, 1);
            case '"' or '“' or '”':
                isQuoted = !isQuoted;
                return (isQuoted ? "``" : "''", 1);
            case '…':
                return ("...", 1);
            case '–' or '—':
                return ("--", 1);
            case '\'' when at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1]) && (at == 0 || char.IsWhiteSpace(text[at - 1])):
                return ("`", 1);
            case '.' or '-':
                var end = at;
                while (end < text.Length && text[end] == text[at])
                {
                    end++;
                }

                return end - at == 1 ? (text[at..end], 1) : (text[at] == '.' ? "..." : "--", end - at);
            default:
                return (text[at].ToString(), 1);
        }
    }

    private static void AddWord(List<string> words, string word)
    {
        if (Split.TryGetValue(word.ToLowerInvariant(), out var parts))
        {
            words.Add(word[..parts[0].Length]);
            words.Add(word[parts[0].Length..]);
        }
        else if (Array.Find(Contractions, ending => word.Length > ending.Length && word.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } contraction)
        {
            words.Add(word[..^contraction.Length]);
            words.Add(word[^contraction.Length..]);
        }
        else
        {
            words.Add(word);
        }
    }
}
