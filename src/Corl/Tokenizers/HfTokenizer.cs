using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Corl.Tokenizers;

/// <summary>
/// A byte-level BPE tokenizer from a Hugging Face tokenizer.json of DeepSeek's structure, id for id what Hugging Face's own library gives.
/// One object serves any number of threads.
/// </summary>
public sealed class HfTokenizer
{
    // Words repeat: with a cache most pieces cost a look-up. Ours: 65,536 pieces of at most 64 characters stay below 20 MB.
    private const int CachedPieces = 1 << 16;
    private const int CachedLength = 64;

    private readonly Dictionary<string, int> _idOf;
    private readonly string?[] _tokenOf;
    private readonly HashSet<int> _special;
    private readonly Dictionary<int, string> _normalizedContents; // of added tokens that normalisation changes: what they decode to
    private readonly AstralClasses _classes;
    private readonly AddedTokens _raw;        // found in the text as it is
    private readonly AddedTokens _normalized; // found in the normalised text
    private readonly List<Normalization> _normalizer;
    private readonly PreTokenizer _preTokenizer;
    private readonly BytePairMerges _merges;
    private readonly PostProcessing _post;
    private readonly bool _ignoresMerges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    private HfTokenizer(TokenizerFile file, string name)
    {
        file.CheckDecoder();
        _idOf = file.Vocabulary();
        _merges = BytePairMerges.Load(_idOf, file.Model["merges"]);
        var added = file.AddedTokens(_idOf);
        foreach (var token in added)
        {
            _idOf[token.Content] = token.Id;
        }

        _tokenOf = new string?[_idOf.Count == 0 ? 0 : _idOf.Values.Max() + 1];
        foreach (var (token, id) in _idOf)
        {
            _tokenOf[id] = token;
        }

        _special = [.. added.Where(token => token.IsSpecial).Select(token => token.Id)];
        _normalizer = file.Normalizer();
        var steps = file.PreTokenizer();
        var contents = added.Select(token => (Token: token, Runes: Runes(token))).ToArray();
        var astral = contents.SelectMany(content => content.Runes).Select(rune => rune.Value).Where(rune => rune > char.MaxValue).Distinct().Select(RuneSet.Single);
        _classes = AstralClasses.Of([.. steps.SelectMany(step => step.Pattern?.Sets ?? []), .. astral])
            ?? throw new UserException($"{name}: the patterns and added tokens distinguish too many characters above U+FFFF.");
        _normalizedContents = contents.Select(content => (content.Token, Text: string.Concat(content.Runes.Select(rune => char.ConvertFromUtf32(rune.Value)))))
            .Where(content => content.Text != content.Token.Content).ToDictionary(content => content.Token.Id, content => content.Text);
        _raw = Matcher(isNormalized: false);
        _normalized = Matcher(isNormalized: true);
        _preTokenizer = new PreTokenizer(steps, _classes, name);
        _post = file.PostProcessor(IdOf);
        _ignoresMerges = file.IgnoresMerges;
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();

        AlignedRune[] Runes(AddedToken token)
        {
            var runes = token.Content.EnumerateRunes().Select(rune => new AlignedRune(rune.Value, 0, 0)).ToArray();
            return token.IsNormalized ? TextNormalizer.Apply(_normalizer, runes) : runes;
        }

        AddedTokens Matcher(bool isNormalized) =>
            new(contents.Where(content => content.Token.IsNormalized == isNormalized).Select(content => (content.Token, CodePointText.Of(content.Runes, _classes).Units)));
    }

    /// <summary>The highest id plus one: the least number of rows an embedding needs.</summary>
    public int VocabularySize => _tokenOf.Length;

    /// <summary>Ids that the file puts before every text when special tokens are asked for: bos in some checkpoints, nothing in others.</summary>
    internal ReadOnlySpan<int> TemplateBefore => _post.Before;

    /// <summary>Reads a tokenizer.json, or that of a checkpoint directory.</summary>
    /// <exception cref="UserException">The file is missing, malformed, or of a kind that is not supported; the message names file and key.</exception>
    public static HfTokenizer Load(string fileOrDirectory)
    {
        var path = Directory.Exists(fileOrDirectory) ? Path.Combine(fileOrDirectory, "tokenizer.json") : fileOrDirectory;
        return new HfTokenizer(new TokenizerFile(JsonAt.Open(path, TokenizerFile.MaxBytes)), path);
    }

    /// <summary>Reads a tokenizer.json in memory.</summary>
    internal static HfTokenizer Parse(string name, ReadOnlyMemory<byte> json) => new(new TokenizerFile(JsonAt.Parse(name, json)), name);

    /// <summary>The id of a token as the vocabulary spells it, added tokens included; null when there is none.</summary>
    public int? IdOf(string token) => _idOf.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token of an id as the vocabulary spells it; null when there is none.</summary>
    public string? TokenOf(int id) => id >= 0 && id < _tokenOf.Length ? _tokenOf[id] : null;

    /// <summary>True for tokens that are left out when a text is decoded without special tokens.</summary>
    public bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>The ids of a text. Added tokens written in the text are recognised.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="addSpecial">Also add what the file's post-processor adds. Off: checkpoints disagree on bos; <see cref="JanusPrompt"/> adds it.</param>
    /// <exception cref="UserException">A pattern of the file backtracks without end on this text.</exception>
    public int[] Encode(string text, bool addSpecial = false)
    {
        var ids = new List<int>((text.Length / 3) + 8); // English has four characters to a token
        ids.AddRange(addSpecial ? _post.Before : []);
        foreach (var piece in Pieces(text))
        {
            if (piece.Id != Piece.NoToken)
            {
                ids.Add(piece.Id);
            }
            else
            {
                ids.AddRange(IdsOf(piece.Text.Utf16(piece.Start, piece.End)));
            }
        }

        ids.AddRange(addSpecial ? _post.After : []);
        return [.. ids];
    }

    /// <summary>The ids of a text with their tokens and places.</summary>
    /// <param name="text">Any text; a lone surrogate counts as one code point.</param>
    /// <param name="addSpecial">Also add what the file's post-processor adds, with the range (0, 0).</param>
    public EncodedText EncodeWithOffsets(string text, bool addSpecial = false)
    {
        var (ids, tokens, offsets) = (new List<int>(), new List<string>(), new List<(int Start, int End)>());
        foreach (var piece in Pieces(text))
        {
            if (piece.Id != Piece.NoToken)
            {
                ids.Add(piece.Id);
                tokens.Add(piece.Text.Utf16(piece.Start, piece.End).ToString());
                offsets.Add((piece.Text.OriginOf(piece.Start).Start, piece.Text.OriginOf(piece.End - 1).End));
            }
            else
            {
                AddWithOffsets(piece, ids, tokens, offsets);
            }
        }

        if (_post.TrimsOffsets)
        {
            TrimOffsets(tokens, offsets);
        }

        int[] before = addSpecial ? _post.Before : [], after = addSpecial ? _post.After : [];
        return new EncodedText(
            [.. before, .. ids, .. after],
            [.. before.Select(id => TokenOf(id) ?? ""), .. tokens, .. after.Select(id => TokenOf(id) ?? "")],
            [.. before.Select(_ => (0, 0)), .. offsets, .. after.Select(_ => (0, 0))]);
    }

    /// <summary>The text of ids; ids beyond the vocabulary are dropped, invalid UTF-8 becomes U+FFFD, one for each maximal invalid part.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        var bytes = new List<byte>(4 * ids.Length);
        foreach (var id in ids)
        {
            AppendBytes(id, skipSpecial, bytes);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>A decoder for ids that arrive one by one.</summary>
    public DecodeStream Stream(bool skipSpecial) => new(this, skipSpecial);

    internal void AppendBytes(int id, bool skipSpecial, List<byte> bytes)
    {
        if (TokenOf(id) is { } token && !(skipSpecial && IsSpecial(id)))
        {
            ByteAlphabet.AppendBytes(_normalizedContents.GetValueOrDefault(id, token), bytes);
        }
    }

    private List<Piece> Pieces(string text)
    {
        var whole = CodePointText.Of(text, _classes);
        List<Piece> cut = [], inner = [], pieces = [];
        _raw.Cut(new Piece(whole, 0, whole.Units.Length), cut);
        foreach (var part in cut)
        {
            if (part.Id != Piece.NoToken)
            {
                pieces.Add(part);
                continue;
            }

            inner.Clear();
            _normalized.Cut(_normalizer.Count == 0 ? part : TextNormalizer.Apply(_normalizer, part, _classes), inner);
            foreach (var piece in inner)
            {
                if (piece.Id != Piece.NoToken)
                {
                    pieces.Add(piece);
                }
                else
                {
                    _preTokenizer.Split(piece, pieces);
                }
            }
        }

        return pieces;
    }

    private int[] IdsOf(ReadOnlySpan<char> piece)
    {
        if (_cached.TryGetValue(piece, out var ids))
        {
            return ids;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        try
        {
            ids = IdsOf(bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, bytes)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        if (piece.Length <= CachedLength && _cacheCount < CachedPieces && _cached.TryAdd(piece, ids))
        {
            Interlocked.Increment(ref _cacheCount);
        }

        return ids;
    }

    private int[] IdsOf(ReadOnlySpan<byte> bytes) => _ignoresMerges && _idOf.TryGetValue(ByteAlphabet.Spell(bytes), out var whole) ? [whole] : _merges.Encode(bytes);

    private void AddWithOffsets(Piece piece, List<int> ids, List<string> tokens, List<(int, int)> offsets)
    {
        var unitOfByte = new List<int>();
        for (var unit = piece.Start; unit < piece.End; unit++)
        {
            unitOfByte.AddRange(Enumerable.Repeat(unit, new Rune(piece.Text.CodePointAt(unit)).Utf8SequenceLength));
        }

        var at = 0;
        foreach (var id in IdsOf(piece.Text.Utf16(piece.Start, piece.End)))
        {
            var token = _tokenOf[id]!;
            ids.Add(id);
            tokens.Add(token);
            offsets.Add((piece.Text.OriginOf(unitOfByte[at]).Start, piece.Text.OriginOf(unitOfByte[at + token.Length - 1]).End));
            at += token.Length; // a token's characters are bytes
        }
    }

    private void TrimOffsets(List<string> tokens, List<(int Start, int End)> offsets)
    {
        var space = ByteAlphabet.CharacterOf((byte)' ');
        for (var i = 0; i < tokens.Count; i++)
        {
            var (start, end) = offsets[i];
            var leading = tokens[i].TakeWhile(IsSpace).Count();
            var trailing = tokens[i].Reverse().TakeWhile(IsSpace).Count();
            if (leading == 1 && _post.KeepsFirstSpace && (i == 0 || start == 0))
            {
                leading = 0; // the space that was added; two or more were in the text
            }

            start = Math.Min(start + leading, end);
            offsets[i] = (start, trailing > 0 && end >= trailing ? Math.Max(end - trailing, start) : end);
        }

        bool IsSpace(char character) => character == space || char.IsWhiteSpace(character);
    }
}
