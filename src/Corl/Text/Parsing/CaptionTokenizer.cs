namespace Corl.Text.Parsing;

/// <summary>Sentences and words of a caption: contractions and possessives are split off, hyphenated words and numbers stay whole.</summary>
internal static class CaptionTokenizer
{
    // Ours: far beyond any caption or prompt; what follows is not read, so that time is bounded whatever the text.
    private const int MaxCharacters = 20_000, MaxWords = 1_000;

    private static readonly string[] Contractions = ["'s", "'re", "'ve", "'ll", "'d", "'m"];

    /// <summary>The words of each sentence; no sentence is empty.</summary>
    public static List<List<string>> Sentences(string caption)
    {
        var text = UnicodeForms.Compatibility(caption.Length > MaxCharacters ? caption[..MaxCharacters] : caption)
            .Replace('’', '\'').Replace('‘', '\'').Replace('“', '"').Replace('”', '"');
        var sentences = new List<List<string>>();
        var sentence = new List<string>();
        var count = 0;
        for (var at = 0; at < text.Length && count < MaxWords;)
        {
            var length = WordLength(text, at);
            if (length > 0)
            {
                AddWord(sentence, text.Substring(at, length));
                (at, count) = (at + length, count + 1);
            }
            else if (text[at] is '.' or '!' or '?' or ';' or '\n')
            {
                EndSentence(sentences, ref sentence);
                at++;
            }
            else
            {
                if (!char.IsWhiteSpace(text[at]) && !char.IsSurrogate(text[at]))
                {
                    sentence.Add(text[at].ToString());
                    count++;
                }

                at++;
            }
        }

        EndSentence(sentences, ref sentence);
        return sentences;
    }

    private static void EndSentence(List<List<string>> sentences, ref List<string> sentence)
    {
        if (sentence.Exists(word => char.IsLetterOrDigit(word[0])))
        {
            sentences.Add(sentence);
        }

        sentence = [];
    }

    // Letters and digits, with single marks between them: hyphen, slash and apostrophe anywhere, point, comma and colon between digits.
    private static int WordLength(string text, int start)
    {
        var at = start;
        if (text[at] == '\'' && at + 1 < text.Length && char.IsLetter(text[at + 1]))
        {
            at++; // 's on its own, as some captions write it
        }

        while (at < text.Length)
        {
            var isInside = at > start && at + 1 < text.Length && IsPart(text[at + 1])
                && (text[at] is '-' or '\'' or '/' || (text[at] is '.' or ',' or ':' && char.IsDigit(text[at - 1]) && char.IsDigit(text[at + 1])));
            if (!IsPart(text[at]) && !isInside)
            {
                break;
            }

            at++;
        }

        return at == start + 1 && text[start] == '\'' ? 0 : at - start;
    }

    private static bool IsPart(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static void AddWord(List<string> sentence, string word)
    {
        if (word.Length > 3 && word.EndsWith("n't", StringComparison.OrdinalIgnoreCase))
        {
            sentence.Add(word[..^3]);
            sentence.Add(word[^3..]);
        }
        else if (word.Equals("cannot", StringComparison.OrdinalIgnoreCase))
        {
            sentence.Add(word[..3]);
            sentence.Add(word[3..]);
        }
        else if (Array.Find(Contractions, ending => word.Length > ending.Length && word.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } contraction)
        {
            sentence.Add(word[..^contraction.Length]);
            sentence.Add(word[^contraction.Length..]);
        }
        else
        {
            sentence.Add(word);
        }
    }
}
