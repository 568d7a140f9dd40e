using Corl.Text;
using Corl.Text.Parsing;

namespace Corl.Data.Curation;

/// <summary>
/// Which things a text names: COCO's categories and their synonyms, and the nouns that captions use often. Two words of a known phrase
/// are one entity, plurals are singular, synonyms one word.
/// </summary>
/// <param name="frequent">Lemmas of the frequent nouns.</param>
internal sealed class EntityLexicon(IReadOnlySet<string> frequent)
{
    private const double SameFrom = 0.85; // ratio of matching characters from which two words are one, so that a misspelling is none
    private const int MaxRemembered = 200_000; // forms; COCO's captions have 30,000
    private static readonly Dictionary<string, string?> NounOf = []; // per form, because captions repeat their words

    /// <summary>The lexicon of the nouns that occur often enough.</summary>
    /// <param name="counts">How often each lemma occurs in captions, as <see cref="Nouns"/> gives them.</param>
    /// <param name="fewest">From how many on a noun is taken.</param>
    public static EntityLexicon Of(IReadOnlyDictionary<string, int> counts, int fewest) => new(counts.Where(noun => noun.Value >= fewest).Select(noun => noun.Key).ToHashSet());

    /// <summary>The entities of a text.</summary>
    public HashSet<string> Entities(string text) => [.. Nouns(text).Where(noun => EntityWords.Named.Contains(noun) || frequent.Contains(noun))];

    /// <summary>The nouns and known phrases of a text, one after another, plurals and synonyms resolved.</summary>
    public static IEnumerable<string> Nouns(string text)
    {
        foreach (var sentence in CaptionTokenizer.Sentences(text))
        {
            for (var i = 0; i < sentence.Count; i++)
            {
                if (i + 1 < sentence.Count && Phrase(sentence[i], sentence[i + 1]) is { } phrase)
                {
                    yield return phrase;
                    i++;
                }
                else if (Noun(sentence[i].ToLowerInvariant()) is { } noun)
                {
                    yield return noun;
                }
            }
        }
    }

    /// <summary>The words of a text: what is left of its tokens without punctuation.</summary>
    public static int CountWords(string text) => CaptionTokenizer.Sentences(text).Sum(sentence => sentence.Count(token => char.IsLetterOrDigit(token[0])));

    /// <summary>|E(c) ∩ E(S)| / |E(S)|, an entity being found when one of the caption is the same word or nearly so; 0 without entities.</summary>
    public static double Coverage(IReadOnlySet<string> caption, IReadOnlySet<string> solution) =>
        solution.Count == 0 ? 0 : (double)solution.Count(wanted => caption.Contains(wanted) || caption.Any(given => IsNearly(given, wanted))) / solution.Count;

    private static bool IsNearly(string a, string b) => SequenceRatio.Bound(a.Length, b.Length) >= SameFrom && SequenceRatio.Of(a, b) >= SameFrom;

    private static string? Phrase(string first, string second)
    {
        var (left, right) = (first.ToLowerInvariant(), second.ToLowerInvariant());
        return EntityWords.Canonical.GetValueOrDefault($"{left} {right}") ?? EntityWords.Canonical.GetValueOrDefault($"{left} {Lemmatizer.Noun(right) ?? right}");
    }

    private static string? Noun(string form)
    {
        lock (NounOf)
        {
            if (!NounOf.TryGetValue(form, out var noun))
            {
                noun = FindNoun(form);
                if (NounOf.Count < MaxRemembered)
                {
                    NounOf[form] = noun;
                }
            }

            return noun;
        }
    }

    private static string? FindNoun(string form)
    {
        if (EntityWords.Canonical.TryGetValue(form, out var canonical))
        {
            return canonical;
        }

        var lemma = Lemmatizer.Noun(form) ?? form;
        if (EntityWords.Canonical.TryGetValue(lemma, out canonical))
        {
            return canonical;
        }

        var isVerbForm = (form.EndsWith("ing", StringComparison.Ordinal) || form.EndsWith("ed", StringComparison.Ordinal)) && !EntityWords.NounsInIng.Contains(form) && Lemmatizer.Verb(form) is { } verb && verb != form;
        return lemma.Length < 2 || !char.IsLetter(lemma[0]) || isVerbForm || EntityWords.Grammar.Contains(form) || EntityWords.Meta.Contains(lemma) || EntityWords.Verbs.Contains(lemma) || !IsMostlyNoun(lemma) ? null : lemma;
    }

    // In sense-tagged texts a noun as often as anything else.
    private static bool IsMostlyNoun(string lemma)
    {
        var parts = WordNet.Shared.PartsOf(lemma);
        var asNoun = WordNet.Shared.Frequency(lemma, PartOfSpeech.Noun);
        return parts.HasFlag(PartsOfSpeech.Noun) && Enum.GetValues<PartOfSpeech>().All(part => WordNet.Shared.Frequency(lemma, part) <= asNoun);
    }
}
