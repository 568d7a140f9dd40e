using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Corl.Text;
using Microsoft.ML.Tokenizers;

namespace Corl.Tokenizers;

/// <summary>
/// The uncased WordPiece tokenizer of BERT, which BLIP and BERTScore read. The ids are those of the Hugging Face tokenizer: text is
/// cleaned, CJK characters become words, accents and case are dropped, words split at punctuation, and each word is cut into the
/// longest pieces of the vocabulary from the left. The cutting is Microsoft.ML.Tokenizers'; the steps before it are here because they
/// must not depend on the ICU of the machine.
/// </summary>
public sealed class WordPiece
{
    private const int MaxFileBytes = 1 << 24;   // 16 MB; bert-base-multilingual has 1 MB
    private const int MaxWordCharacters = 100;  // of BERT: longer words are unknown
    private const string Continuation = "##";
    private static readonly string[] SpecialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    // What the reference's clean-up joins, in its order.
    private static readonly (string From, string To)[] Contractions =
        [(" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")];

    private readonly string[] _tokens;
    private readonly FrozenDictionary<string, int> _ids;
    private readonly WordPieceTokenizer _pieces;

    private WordPiece(string[] tokens, FrozenDictionary<string, int> ids)
    {
        (_tokens, _ids) = (tokens, ids);
        using var vocabulary = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        _pieces = WordPieceTokenizer.Create(vocabulary, new WordPieceOptions { MaxInputCharsPerWord = 2 * MaxWordCharacters });
        (Unknown, Classify, Separator, Padding) = (ids["[UNK]"], ids["[CLS]"], ids["[SEP]"], ids["[PAD]"]);
    }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize => _tokens.Length;

    /// <summary>The id of [UNK].</summary>
    public int Unknown { get; }

    /// <summary>The id of [CLS], which opens an encoded text.</summary>
    public int Classify { get; }

    /// <summary>The id of [SEP], which closes it.</summary>
    public int Separator { get; }

    /// <summary>The id of [PAD].</summary>
    public int Padding { get; }

    /// <summary>The tokens in the order of their ids.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Reads <c>vocab.txt</c>: one token per line, the line number is the id.</summary>
    /// <param name="path">The file, or a directory that has it.</param>
    /// <exception cref="UserException">No such file, too large, a token twice, or a special token missing.</exception>
    public static WordPiece Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "vocab.txt") : path;
        if (!File.Exists(file))
        {
            throw new UserException($"{file}: no such file; expected a WordPiece vocabulary with one token per line.");
        }

        if (new FileInfo(file).Length > MaxFileBytes)
        {
            throw new UserException($"{file}: larger than {MaxFileBytes} bytes; expected a WordPiece vocabulary with one token per line.");
        }

        return From([.. File.ReadLines(file).Select(line => line.TrimEnd('\r'))], file);
    }

    /// <summary>A tokenizer over given tokens, in the order of their ids.</summary>
    /// <param name="tokens">All tokens, the special ones included.</param>
    /// <param name="name">Where they come from, for error messages.</param>
    public static WordPiece From(IReadOnlyList<string> tokens, string name)
    {
        var ids = new Dictionary<string, int>(tokens.Count);
        for (var id = 0; id < tokens.Count; id++)
        {
            if (!ids.TryAdd(tokens[id], id))
            {
                throw new UserException($"{name}: line {id + 1} repeats the token \"{tokens[id]}\" of line {ids[tokens[id]] + 1}; expected every token once.");
            }
        }

        var missing = SpecialTokens.Where(token => token != "[MASK]" && !ids.ContainsKey(token)).ToArray();
        return missing.Length == 0
            ? new WordPiece([.. tokens], ids.ToFrozenDictionary())
            : throw new UserException($"{name}: {string.Join(", ", missing)} not among the {tokens.Count} tokens; expected a BERT vocabulary.");
    }

    /// <summary>The ids of a text, between [CLS] and [SEP] when <paramref name="addSpecial"/>.</summary>
    public int[] Encode(string text, bool addSpecial = true)
    {
        var ids = new List<int>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '[' && SpecialAt(text, i) is { } special)
            {
                EncodeWords(text[start..i], ids);
                ids.Add(_ids[special]);
                i += special.Length - 1;
                start = i + 1;
            }
        }

        EncodeWords(text[start..], ids);
        return addSpecial ? [Classify, .. ids, Separator] : [.. ids];
    }

    /// <summary>The text of ids: pieces joined, spaces before . , ! ? removed; ids beyond the vocabulary are skipped.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether the special tokens are left out.</param>
    /// <param name="cleanUp">Whether contractions are joined too ("it ' s" → "it's"), as transformers 4 does and 5 does not.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true, bool cleanUp = true)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)_tokens.Length || (skipSpecial && SpecialTokens.AsSpan().Contains(_tokens[id])))
            {
                continue;
            }

            var token = _tokens[id];
            if (text.Length == 0)
            {
                text.Append(token);
            }
            else if (token.StartsWith(Continuation, StringComparison.Ordinal))
            {
                text.Append(token, Continuation.Length, token.Length - Continuation.Length);
            }
            else
            {
                text.Append(token is "." or "," or "!" or "?" ? "" : " ").Append(token);
            }
        }

        foreach (var (from, to) in cleanUp ? Contractions : [])
        {
            text.Replace(from, to);
        }

        return text.ToString();
    }

    private static string? SpecialAt(string text, int index) =>
        SpecialTokens.FirstOrDefault(token => string.CompareOrdinal(text, index, token, 0, token.Length) == 0);

    private void EncodeWords(string text, List<int> ids)
    {
        foreach (var word in Words(text))
        {
            if (word.EnumerateRunes().Count() > MaxWordCharacters)
            {
                ids.Add(Unknown);
            }
            else
            {
                ids.AddRange(_pieces.EncodeToIds(word));
            }
        }
    }

    // The words that are cut: cleaned, without accents and case, split at white space, punctuation and around every CJK character.
    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in UnicodeForms.Decomposed(Clean(text)).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category == UnicodeCategory.NonSpacingMark)
            {
                continue; // accents
            }

            var standsAlone = IsPunctuation(rune, category);
            if ((standsAlone || Rune.IsWhiteSpace(rune)) && word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }

            if (standsAlone)
            {
                yield return rune.ToString();
            }
            else if (!Rune.IsWhiteSpace(rune))
            {
                word.Append(Rune.ToLowerInvariant(rune));
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    // Without control characters, CJK characters between spaces. It comes before the decomposition, which would change the latter.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isSpace = rune.Value is '\t' or '\n' or '\r';
            var isControl = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;
            if (rune == Rune.ReplacementChar || (isControl && !isSpace))
            {
                continue; // lone surrogates come as the replacement character
            }

            if (IsIdeograph(rune.Value))
            {
                clean.Append(' ').Append(rune).Append(' ');
            }
            else
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    private static bool IsPunctuation(Rune rune, UnicodeCategory category) =>
        (rune.IsAscii && (char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)))
        || category is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    // The blocks of CJK unified and compatibility ideographs that BERT lists.
    private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
