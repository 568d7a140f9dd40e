namespace Corl.Text.Parsing;

/// <summary>Lemmas: a function of a word's form and tag. Nouns lose their plural, verbs their ending, other words only their capitals.</summary>
internal static class Lemmatizer
{
    private static readonly Dictionary<(string Form, string Tag), string> Closed = new()
    {
        [("an", "DT")] = "a",
        [("his", "PRP$")] = "he",
        [("her", "PRP$")] = "she",
        [("their", "PRP$")] = "they",
        [("him", "PRP")] = "he",
        [("her", "PRP")] = "she",
        [("them", "PRP")] = "they",
        [("me", "PRP")] = "i",
        [("us", "PRP")] = "we",
        [("n't", "RB")] = "not",
        [("ca", "MD")] = "can",
        [("wo", "MD")] = "will",
        [("'d", "MD")] = "would",
        [("'ll", "MD")] = "will",
    };

    private static readonly Dictionary<string, string> Auxiliaries = new()
    {
        ["is"] = "be",
        ["are"] = "be",
        ["was"] = "be",
        ["were"] = "be",
        ["am"] = "be",
        ["been"] = "be",
        ["being"] = "be",
        ["'s"] = "be",
        ["'re"] = "be",
        ["'m"] = "be",
        ["has"] = "have",
        ["had"] = "have",
        ["having"] = "have",
        ["'ve"] = "have",
        ["does"] = "do",
        ["did"] = "do",
        ["done"] = "do",
        ["doing"] = "do",
    };

    // Plurals that the original keeps.
    private static readonly HashSet<string> Unchanged =
    [
        "people", "scissors", "pants", "shorts", "jeans", "clothes", "goggles", "binoculars", "sheep", "fish", "aircraft", "series", "species",
        "news", "tennis", "belongings", "goods", "papers", "supplies", "furnishings", "handlebars", "electronics", "outdoors", "pajamas", "dice",
        "fries", "contents", "remains", "odds", "suspenders", "tweezers", "trousers", "pliers", "headquarters", "cattle", "deer",
    ];

    /// <summary>The lemma of a form in lower case, for its tag.</summary>
    public static string Lemma(string form, string tag) =>
        Closed.TryGetValue((form, tag), out var lemma) ? lemma
            : tag is "NNS" ? Noun(form) ?? form
            : tag.StartsWith('V') ? Verb(form) ?? form
            : form;

    /// <summary>The singular of what may be a plural noun; null when the form is none.</summary>
    public static string? Noun(string form)
    {
        if (Unchanged.Contains(form))
        {
            return form;
        }

        if (WordNet.Shared.IrregularBase(form, PartOfSpeech.Noun) is { } irregular)
        {
            return irregular;
        }

        if (form.EndsWith("men", StringComparison.Ordinal) && IsKnown(form[..^3] + "man", PartsOfSpeech.Noun))
        {
            return form[..^3] + "man";
        }

        if (form.Length < 4 || form[^1] != 's' || form[^2] is 's' or 'u')
        {
            return null;
        }

        if (form[^2] == 'i')
        {
            return IsKnown(form[..^1], PartsOfSpeech.Noun) && !IsKnown(form, PartsOfSpeech.Noun) ? form[..^1] : null; // "skis", but not "tennis"
        }

        if (form.EndsWith("ies", StringComparison.Ordinal) && form.Length > 4)
        {
            return IsKnown(form[..^1], PartsOfSpeech.Noun) ? form[..^1] : form[..^3] + "y";
        }

        var takesEs = Ends(form, "ches", "shes", "sses", "xes", "zes", "oes") ? IsKnown(form[..^2], PartsOfSpeech.Noun) || !IsKnown(form[..^1], PartsOfSpeech.Noun)
            : Ends(form, "ses") && !IsKnown(form[..^1], PartsOfSpeech.Noun); // "bunches", but "vases" of vase
        return takesEs ? form[..^2] : form[..^1];
    }

    /// <summary>The base of what may be a verb form; null when the form is none.</summary>
    public static string? Verb(string form)
    {
        if (Auxiliaries.TryGetValue(form, out var auxiliary))
        {
            return auxiliary;
        }

        if (WordNet.Shared.IrregularBase(form, PartOfSpeech.Verb) is { } irregular)
        {
            return irregular;
        }

        if (form.EndsWith("ing", StringComparison.Ordinal) && form.Length > 4)
        {
            return Stem(form[..^3]);
        }

        if (form.EndsWith("ed", StringComparison.Ordinal) && form.Length > 3)
        {
            return form.EndsWith("ied", StringComparison.Ordinal) && form.Length > 4 ? form[..^3] + "y" : Stem(form[..^2]);
        }

        if (form.Length > 2 && form[^1] == 's' && form[^2] != 's')
        {
            return form.EndsWith("ies", StringComparison.Ordinal) && form.Length > 4 ? form[..^3] + "y"
                : Ends(form, "ches", "shes", "sses", "xes", "zes", "oes") && !IsKnown(form[..^1], PartsOfSpeech.Verb) ? form[..^2]
                : form[..^1];
        }

        return IsKnown(form, PartsOfSpeech.Verb) ? form : null;
    }

    // Before -ing and -ed: "rid" of ride, "runn" of run, "stand" of stand.
    private static string Stem(string stem)
    {
        var isDoubled = stem.Length > 2 && stem[^1] == stem[^2] && !IsVowel(stem[^1]);
        if (isDoubled)
        {
            return !IsKnown(stem, PartsOfSpeech.Verb) && IsKnown(stem[..^1], PartsOfSpeech.Verb) ? stem[..^1] : stem;
        }

        // A short syllable would have doubled its consonant, so "star-ing" is of stare.
        var isShort = stem.Length > 1 && !IsVowel(stem[^1]) && stem[^1] is not ('w' or 'x' or 'y') && IsVowel(stem[^2])
            && (stem.Length == 2 || !IsVowel(stem[^3])) && stem.Count(IsVowel) == 1;
        var (isVerb, isVerbWithE) = (IsKnown(stem, PartsOfSpeech.Verb), IsKnown(stem + "e", PartsOfSpeech.Verb));
        return isVerbWithE && (isShort || !isVerb) ? stem + "e" : stem;
    }

    public static bool IsKnown(string lemma, PartsOfSpeech part) => (WordNet.Shared.PartsOf(lemma) & part) != 0;

    private static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u' or 'y';

    private static bool Ends(string form, params ReadOnlySpan<string> endings)
    {
        foreach (var ending in endings)
        {
            if (form.EndsWith(ending, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
