using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Corl.Tokenizers;

/// <summary>
/// CLIP's tokenizer, id for id Hugging Face's: canonical composition, white space collapsed, lower case; then contractions, runs of
/// letters, single digits and runs of anything else are cut into byte pairs, the last of a word ending in "&lt;/w&gt;". OpenCLIP
/// repairs broken encodings and HTML entities first; that is left out here.
/// </summary>
internal sealed class ClipTokenizer
{
    private const string WordEnd = "</w>", StartToken = "<|startoftext|>", EndToken = "<|endoftext|>";
    private const int MaxId = 1 << 22; // ours: 4 million ids, eighty times CLIP's

    private static readonly List<Normalization> Steps = [Normalization.Nfc, Normalization.Lowercase];
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private readonly BytePairMerges _merges;

    private ClipTokenizer(Dictionary<string, int> vocabulary, JsonAt merges)
    {
        _merges = BytePairMerges.Load(vocabulary, merges, WordEnd);
        VocabularySize = vocabulary.Values.Max() + 1;
        (Start, End) = (Special(StartToken), Special(EndToken));

        int Special(string token) => vocabulary.TryGetValue(token, out var id) ? id : throw merges.Error($"the vocabulary lacks {token}; expected that of a CLIP model");
    }

    /// <summary>The highest id plus one.</summary>
    public int VocabularySize { get; }

    /// <summary>The id that opens a text.</summary>
    public int Start { get; }

    /// <summary>The id that closes it, where the model's feature is read; it also fills rows.</summary>
    public int End { get; }

    /// <summary>
    /// Reads tokenizer.json, or vocab.json and merges.txt, or merges.txt alone, whose order gives the ids: 256 bytes, the same as word
    /// ends, one token per merge, start and end.
    /// </summary>
    /// <param name="directory">A model directory.</param>
    /// <exception cref="UserException">A file is missing or malformed.</exception>
    public static ClipTokenizer Load(string directory)
    {
        var whole = Path.Combine(directory, "tokenizer.json");
        if (File.Exists(whole))
        {
            var root = JsonAt.Open(whole, TokenizerFile.MaxBytes);
            var model = root["model"];
            var vocabulary = Ids(model["vocab"]);
            foreach (var token in root.Find("added_tokens")?.Items() ?? [])
            {
                vocabulary.TryAdd(token["content"].Text(), token["id"].Integer(0, MaxId));
            }

            return model.Find("end_of_word_suffix")?.Text() == WordEnd
                ? new ClipTokenizer(vocabulary, model["merges"])
                : throw model.Error($"end_of_word_suffix is not {WordEnd}; this is not CLIP's tokenizer");
        }

        var file = Path.Combine(directory, VocabularyFiles.MergesName);
        var merges = VocabularyFiles.Merges(file);
        var ids = Path.Combine(directory, VocabularyFiles.VocabularyName);
        return new ClipTokenizer(File.Exists(ids) ? Ids(JsonAt.Open(ids, TokenizerFile.MaxBytes)) : Ordered(merges), VocabularyFiles.Read(file, merges));
    }

    /// <summary>The ids of a text between start and end, at most <paramref name="context"/>; of a longer text the beginning is kept, and the end token.</summary>
    public int[] Encode(string text, int context = int.MaxValue)
    {
        var ids = new List<int> { Start };
        foreach (var part in Parts(text))
        {
            if (ids.Count >= context - 1)
            {
                break;
            }

            ids.AddRange(part switch
            {
                StartToken => [Start],
                EndToken => [End],
                _ => _merges.Encode(Encoding.UTF8.GetBytes(part)),
            });
        }

        return [.. ids.Take(context - 1), End];
    }

    private static string Normalised(string text)
    {
        AlignedRune[] runes = [.. text.EnumerateRunes().Select(rune => new AlignedRune(rune.Value, 0, 0))]; // a lone surrogate comes as U+FFFD
        var result = new StringBuilder(text.Length);
        foreach (var rune in TextNormalizer.Apply(Steps, runes))
        {
            result.Append(new Rune(rune.Value).ToString());
        }

        return result.ToString();
    }

    // The special tokens, wherever they stand as they are, and the words between them.
    private static IEnumerable<string> Parts(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var next = NextSpecial(text, at, out var special);
            foreach (var word in Words(Normalised(text[at..next])))
            {
                yield return word;
            }

            if (special is not null)
            {
                yield return special;
            }

            at = next + (special?.Length ?? 0);
        }
    }

    private static IEnumerable<string> Words(string text)
    {
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = PieceAt(text.AsSpan(at), out var isSpace);
            if (!isSpace)
            {
                yield return text.Substring(at, length);
            }
        }
    }

    private static int NextSpecial(string text, int at, out string? special)
    {
        var start = text.IndexOf("<|", at, StringComparison.Ordinal);
        while (start >= 0)
        {
            var from = start;
            special = new[] { StartToken, EndToken }.FirstOrDefault(token => string.CompareOrdinal(text, from, token, 0, token.Length) == 0);
            if (special is not null)
            {
                return start;
            }

            start = text.IndexOf("<|", start + 1, StringComparison.Ordinal);
        }

        special = null;
        return text.Length;
    }

    private static int PieceAt(ReadOnlySpan<char> text, out bool isSpace)
    {
        foreach (var contraction in Contractions)
        {
            if (text.StartsWith(contraction, StringComparison.Ordinal))
            {
                isSpace = false;
                return contraction.Length;
            }
        }

        var kind = KindAt(text, out var length);
        isSpace = kind == Kind.Space;
        while (kind != Kind.Digit && length < text.Length && KindAt(text[length..], out var more) == kind)
        {
            length += more;
        }

        return length;
    }

    private enum Kind
    {
        Letter,
        Digit,
        Space,
        Other,
    }

    private static Kind KindAt(ReadOnlySpan<char> text, out int length)
    {
        Rune.DecodeFromUtf16(text, out var rune, out length);
        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Digit,
            _ => Rune.IsWhiteSpace(rune) ? Kind.Space : Kind.Other,
        };
    }

    private static Dictionary<string, int> Ids(JsonAt map) => map.Properties().ToDictionary(entry => entry.Key, entry => entry.Value.Integer(0, MaxId));

    private static Dictionary<string, int> Ordered(JsonArray merges)
    {
        // The printable characters first, as they are, then the others: not the order of the bytes.
        var bytes = Enumerable.Range(0, 256).Select(b => ByteAlphabet.CharacterOf((byte)b)).Order().Select(c => c.ToString()).ToArray();
        var tokens = bytes.Concat(bytes.Select(b => b + WordEnd))
            .Concat(merges.Select(merge => merge!.GetValue<string>().Replace(" ", "", StringComparison.Ordinal)))
            .Concat([StartToken, EndToken]);
        var ids = new Dictionary<string, int>();
        foreach (var token in tokens)
        {
            ids.TryAdd(token, ids.Count);
        }

        return ids;
    }
}
