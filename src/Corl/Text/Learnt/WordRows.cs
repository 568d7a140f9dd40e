using Corl.Text.Parsing;

namespace Corl.Text.Learnt;

/// <summary>
/// The rows of the embedding table that stand for a word: the word itself where it is known, endings and beginnings by their hash, what
/// WordNet knows of it, and how it is written. Their sum is what the network sees of the word.
/// </summary>
/// <param name="words">Known words in lower case, the most frequent first.</param>
internal sealed class WordRows(string[] words)
{
    /// <summary>Rows that a word's letters decide, in lower case; its way of being written comes on top.</summary>
    public const int OfLetters = 9;

    /// <summary>All rows of a word.</summary>
    public const int PerWord = OfLetters + 1;

    /// <summary>Ways of being written.</summary>
    public const int Shapes = 16;

    private const int Buckets = 4096; // of endings and beginnings; the treebank has 10,000
    private const int Parts = 64;
    private const int Unknown = 0;
    private readonly Dictionary<string, int> _rows = words.Select((word, i) => (word, i)).ToDictionary(pair => pair.word, pair => pair.i + 1);

    /// <summary>Known words, the most frequent first; the row of the first is 1.</summary>
    public IReadOnlyList<string> Words => words;

    /// <summary>The row of the first way of being written; the others follow.</summary>
    public int FirstShape => Count - Shapes;

    /// <summary>Rows of the table.</summary>
    public int Count => RowsFor(words.Length);

    /// <summary>Rows of the table for so many known words.</summary>
    public static int RowsFor(int words) => 1 + words + Buckets + Parts + Shapes;

    /// <summary>The row of a known word, else 0.</summary>
    public int RowOf(string lower) => _rows.GetValueOrDefault(lower, Unknown);

    /// <summary>All rows of each word, one word behind the other.</summary>
    public int[] Of(IReadOnlyList<string> forms)
    {
        var rows = new int[forms.Count * PerWord];
        for (var i = 0; i < forms.Count; i++)
        {
            Fill(forms[i].ToLowerInvariant(), rows.AsSpan(i * PerWord, OfLetters));
            rows[(i * PerWord) + OfLetters] = ShapeRow(forms[i]);
        }

        return rows;
    }

    /// <summary>The rows of a word's letters.</summary>
    public void Fill(string lower, Span<int> rows)
    {
        rows[0] = RowOf(lower);
        var at = 1;
        for (var length = 1; length <= 4; length++)
        {
            rows[at++] = Bucket(lower.AsSpan(Math.Max(0, lower.Length - length)), (ulong)length);
        }

        for (var length = 2; length <= 3; length++)
        {
            rows[at++] = Bucket(lower.AsSpan(0, Math.Min(length, lower.Length)), (ulong)length + 16);
        }

        var (noun, verb) = (Lemmatizer.Noun(lower) ?? lower, Lemmatizer.Verb(lower) ?? lower);
        rows[at] = 1 + words.Length + Buckets + PartsOf(lower, noun, verb);
        var uses = (Uses(noun, PartOfSpeech.Noun) << 9) | (Uses(verb, PartOfSpeech.Verb) << 6) | (Uses(lower, PartOfSpeech.Adjective) << 3) | Uses(lower, PartOfSpeech.Adverb);
        rows[at + 1] = Bucket([], (ulong)uses + 32);
    }

    /// <summary>The row of the way a word is written: capitals, digits, hyphens.</summary>
    public int ShapeRow(string form)
    {
        var isLong = form.Length > 1;
        var (upper, digit, hyphen) = (0, 0, 0);
        foreach (var letter in form)
        {
            upper += char.IsUpper(letter) ? 1 : 0;
            digit += char.IsDigit(letter) ? 1 : 0;
            hyphen += letter == '-' ? 1 : 0;
        }

        var shape = (char.IsUpper(form[0]) ? 1 : 0) | (isLong && upper > 1 ? 2 : 0) | (digit > 0 ? 4 : 0) | (isLong && hyphen > 0 ? 8 : 0);
        return FirstShape + shape;
    }

    private int Bucket(ReadOnlySpan<char> letters, ulong kind) => 1 + words.Length + (int)((LetterHash.Of(letters, kind) >> 32) % Buckets);

    // Four parts of speech, and whether the word looks like a plural or a verb form of a known one.
    private static int PartsOf(string lower, string noun, string verb) => (int)WordNet.Shared.PartsOf(lower)
        | (noun != lower && Lemmatizer.IsKnown(noun, PartsOfSpeech.Noun) ? 16 : 0) | (verb != lower && Lemmatizer.IsKnown(verb, PartsOfSpeech.Verb) ? 32 : 0);

    // How often English uses a word as one part of speech: what a tagger expects of words that captions hardly use.
    private static int Uses(string lemma, PartOfSpeech part) => Math.Min(WordNet.Shared.Frequency(lemma, part), 7);
}
