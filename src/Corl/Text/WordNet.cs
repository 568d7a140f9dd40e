using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;

namespace Corl.Text;

/// <summary>How synsets are told apart.</summary>
public enum SynsetIds
{
    /// <summary>Every synset is its own.</summary>
    PartOfSpeech,

    /// <summary>
    /// By byte offset alone, as METEOR's synonym list and therefore the original SPICE does: 285 pairs of unrelated synsets ("entity" and
    /// "breathe") count as one. For parity.
    /// </summary>
    Meteor,
}

/// <summary>
/// WordNet 3.0 as SPICE uses it: which synsets a word or phrase can mean, over all parts of speech, looked up as METEOR looks up words
/// (irregular forms, then endings taken off). The lexicon is made by <c>build/data/WordNetLexicon.cs</c>. Thread-safe.
/// </summary>
internal sealed class WordNet
{
    private const int CacheSize = 100_000; // ours: phrases whose synsets are kept, about 10 MB

    // METEOR's endings in the order they are tried, and what takes their place.
    private static readonly (string Ending, string Replacement)[] Endings =
    [
        ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"),
        ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
        ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
    ];

    private static readonly Lazy<WordNet> Loaded = new(Load);

    private readonly Dictionary<string, Word> _words;
    private readonly Dictionary<string, List<(PartOfSpeech Part, string Base)>> _irregular = [];
    private readonly int[] _meteor; // the first synset with the same byte offset
    private readonly ConcurrentDictionary<(string Phrase, SynsetIds Ids), int[]> _cache = [];

    private WordNet(Dictionary<string, Word> words, int[] meteor) => (_words, _meteor) = (words, meteor);

    /// <summary>The lexicon, loaded when first asked for.</summary>
    public static WordNet Shared => Loaded.Value;

    /// <summary>The ids of all synsets of a phrase and of its stem, ascending; none for what WordNet does not know.</summary>
    public int[] Synsets(string phrase, SynsetIds ids)
    {
        if (_cache.TryGetValue((phrase, ids), out var known))
        {
            return known;
        }

        var key = phrase.Trim().ToLowerInvariant().Replace(' ', '_');
        IEnumerable<int> found = [.. Direct(key), .. Stems(key).SelectMany(Direct)];
        int[] synsets = [.. found.Select(id => ids == SynsetIds.Meteor ? _meteor[id] : id).Distinct().Order()];
        return _cache.Count < CacheSize ? _cache.GetOrAdd((phrase, ids), synsets) : synsets;
    }

    /// <summary>The parts of speech that a lemma has; none if WordNet does not know it.</summary>
    public PartsOfSpeech PartsOf(string lemma) => _words.TryGetValue(lemma, out var word) ? word.Parts : PartsOfSpeech.None;

    /// <summary>How frequent a lemma is in one part of speech: floor(log2(1 + occurrences in sense-tagged texts)); 0 also where it has but one part.</summary>
    public int Frequency(string lemma, PartOfSpeech part) => _words.TryGetValue(lemma, out var word) ? word.Frequencies[(int)part] : 0;

    /// <summary>The base of an irregular form ("men", "sat") in one part of speech, or null.</summary>
    public string? IrregularBase(string form, PartOfSpeech part) =>
        _irregular.TryGetValue(form, out var bases) ? bases.Find(entry => entry.Part == part).Base : null;

    private int[] Direct(string key) => _words.TryGetValue(key, out var word) ? word.Synsets : [];

    private IEnumerable<string> Stems(string word)
    {
        if (_irregular.TryGetValue(word, out var bases))
        {
            return bases.Select(entry => entry.Base);
        }

        if (word.Length <= 2 || word.EndsWith("ss", StringComparison.Ordinal))
        {
            return [];
        }

        foreach (var (ending, replacement) in Endings)
        {
            if (word.EndsWith(ending, StringComparison.Ordinal) && word[..^ending.Length] + replacement is var stem && _words.ContainsKey(stem))
            {
                return [stem];
            }
        }

        return [];
    }

    private static WordNet Load()
    {
        using var resource = typeof(WordNet).Assembly.GetManifestResourceStream("wordnet.bin")!;
        using var plain = new MemoryStream();
        using (var brotli = new BrotliStream(resource, CompressionMode.Decompress))
        {
            brotli.CopyTo(plain);
        }

        var input = new Input(plain.GetBuffer());
        var keys = ReadKeys(input);
        var partOf = new List<PartOfSpeech>(); // of each synset
        var words = new Dictionary<string, Word>(keys.Length);
        foreach (var key in keys)
        {
            words[key] = ReadWord(input, partOf);
        }

        int[] meteor = [.. Enumerable.Range(0, partOf.Count)];
        for (var i = input.Number(); i > 0; i--)
        {
            var first = input.Number();
            meteor[input.Number()] = first;
        }

        var lexicon = new WordNet(words, meteor);
        for (var i = input.Number(); i > 0; i--)
        {
            var (part, form, root) = ((PartOfSpeech)input.Number(), input.Text(), input.Text());
            lexicon._irregular.TryAdd(form, []);
            lexicon._irregular[form].Add((part, root));
        }

        foreach (var word in keys.Select(key => words[key]))
        {
            word.ReadFrequencies(input);
        }

        return lexicon;
    }

    private static string[] ReadKeys(Input input)
    {
        var keys = new string[input.Number()];
        var previous = "";
        for (var i = 0; i < keys.Length; i++)
        {
            var shared = input.Number();
            keys[i] = previous = string.Concat(previous.AsSpan(0, shared), input.Text());
        }

        return keys;
    }

    private static Word ReadWord(Input input, List<PartOfSpeech> partOf)
    {
        var synsets = new int[input.Number()];
        var parts = PartsOfSpeech.None;
        for (var i = 0; i < synsets.Length; i++)
        {
            var code = input.Number();
            if (code < PartCount)
            {
                partOf.Add((PartOfSpeech)code);
                synsets[i] = partOf.Count - 1;
            }
            else
            {
                synsets[i] = partOf.Count - 1 - (code - PartCount);
            }

            parts |= (PartsOfSpeech)(1 << (int)partOf[synsets[i]]);
        }

        return new Word(synsets, parts);
    }

    private const int PartCount = 4; // parts of speech

    private sealed class Word(int[] synsets, PartsOfSpeech parts)
    {
        private static readonly byte[] NoFrequencies = new byte[PartCount];

        public int[] Synsets => synsets;

        public PartsOfSpeech Parts => parts;

        public byte[] Frequencies { get; private set; } = NoFrequencies;

        public void ReadFrequencies(Input input)
        {
            if (int.PopCount((int)parts) < 2)
            {
                return;
            }

            Frequencies = new byte[PartCount];
            for (var part = 0; part < PartCount; part++)
            {
                Frequencies[part] = parts.HasFlag((PartsOfSpeech)(1 << part)) ? (byte)input.Number() : (byte)0;
            }
        }
    }

    private sealed class Input(byte[] bytes)
    {
        private int _at;

        public int Number()
        {
            var value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var b = bytes[_at++];
                value |= (b & 127) << shift;
                if (b < 128)
                {
                    return value;
                }
            }
        }

        public string Text()
        {
            var length = bytes.AsSpan(_at).IndexOf((byte)0);
            var text = Encoding.UTF8.GetString(bytes, _at, length);
            _at += length + 1;
            return text;
        }
    }
}

/// <summary>WordNet's parts of speech, numbered as in the lexicon file.</summary>
internal enum PartOfSpeech
{
    Noun,
    Verb,
    Adjective,
    Adverb,
}

/// <summary>A set of <see cref="PartOfSpeech"/>.</summary>
[Flags]
internal enum PartsOfSpeech
{
    None = 0,
    Noun = 1,
    Verb = 2,
    Adjective = 4,
    Adverb = 8,
}
