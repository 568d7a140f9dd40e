namespace Corl.Text.Parsing;

/// <summary>What an open-class word can be by its form alone: from WordNet, endings and irregular forms.</summary>
internal sealed class Readings
{
    private const int OnlyReading = 4; // ours: the frequency of a word that WordNet lists under one part of speech, where it gives none

    private static readonly Readings Number = new() { IsNumber = true };

    /// <summary>A singular noun, or a plural that looks like one.</summary>
    public bool IsNoun { get; private init; }

    public bool IsPlural { get; private init; }

    public bool IsAdjective { get; private init; }

    public bool IsAdverb { get; private init; }

    public bool IsNumber { get; private init; }

    /// <summary>A base form of a verb.</summary>
    public bool IsVerb { get; private init; }

    /// <summary>A verb form in -s.</summary>
    public bool IsVerbS { get; private init; }

    /// <summary>A verb form in -ing.</summary>
    public bool IsVerbIng { get; private init; }

    public bool IsPast { get; private init; }

    public bool IsParticiple { get; private init; }

    /// <summary>Whether the verb reading is the likelier one where the context does not tell.</summary>
    public bool PrefersVerb { get; private init; }

    /// <summary>Whether the adjective reading is at least as likely as the noun's.</summary>
    public bool PrefersAdjective { get; private init; }

    public bool IsAnyVerb => IsVerb || IsVerbS || IsVerbIng || IsPast || IsParticiple;

    /// <summary>Whether the word can stand in a noun phrase after its determiner.</summary>
    public bool IsNominal => IsNoun || IsPlural || IsAdjective || IsNumber || IsVerbIng || (IsParticiple && !IsVerb);

    /// <summary>The readings of a word in lower case.</summary>
    public static Readings Of(string word)
    {
        if (char.IsDigit(word[0]))
        {
            return char.IsLetter(word[^1]) && !word.Contains('-', StringComparison.Ordinal) ? new() { IsAdjective = true } : Number; // "2nd"
        }

        return WordNet.Shared.PartsOf(word) == PartsOfSpeech.None && word.Contains('-', StringComparison.Ordinal) ? Hyphenated(word) : Simple(word);
    }

    private static Readings Simple(string word)
    {
        var parts = WordNet.Shared.PartsOf(word);
        var (singular, verb) = (Lemmatizer.Noun(word), Lemmatizer.Verb(word));
        var isPlural = singular is not null && Lemmatizer.IsKnown(singular, PartsOfSpeech.Noun) && (singular != word || parts == PartsOfSpeech.None || IsPluralOnly(word));
        verb = verb is not null && Lemmatizer.IsKnown(verb, PartsOfSpeech.Verb) ? verb : null;
        var isRegularPast = word.EndsWith("ed", StringComparison.Ordinal) && verb is not null && verb != word;
        var isIrregular = verb is not null && verb != word && !isRegularPast && !word.EndsWith('s') && !word.EndsWith("ing", StringComparison.Ordinal);
        var isSameForm = verb == word && word is "cut" or "hit" or "put" or "set" or "let" or "shut" or "spread" or "split";
        var isInflected = isRegularPast || isIrregular || isSameForm;
        var isNoun = parts.HasFlag(PartsOfSpeech.Noun) && !(isPlural && singular != word);
        var isUnknown = parts == PartsOfSpeech.None && !isPlural && verb is null;
        return new()
        {
            IsNoun = isNoun || (isUnknown && !word.EndsWith("ly", StringComparison.Ordinal) && !LooksPlural(word)),
            IsPlural = isPlural || (isUnknown && LooksPlural(word)),
            IsAdjective = parts.HasFlag(PartsOfSpeech.Adjective) || IsCompared(word),
            IsAdverb = parts.HasFlag(PartsOfSpeech.Adverb) || (isUnknown && word.EndsWith("ly", StringComparison.Ordinal)),
            IsVerb = verb == word,
            IsVerbS = verb is not null && verb != word && word.EndsWith('s'),
            IsVerbIng = verb is not null && word.EndsWith("ing", StringComparison.Ordinal) && verb != word,
            IsPast = isInflected && !CaptionWords.ParticipleOnly.Contains(word),
            IsParticiple = isInflected && !CaptionWords.PastOnly.Contains(word),
            PrefersVerb = verb is not null && (CaptionWords.Verbs.Contains(verb) || Frequency(verb, PartOfSpeech.Verb) > Frequency(singular ?? word, PartOfSpeech.Noun)),
            PrefersAdjective = parts.HasFlag(PartsOfSpeech.Adjective) && Frequency(word, PartOfSpeech.Adjective) >= Frequency(word, PartOfSpeech.Noun),
        };
    }

    // Known by its last part, "t-shirts"; "black-and-white" is an adjective, "a close-up" a noun, as the place tells.
    private static Readings Hyphenated(string word)
    {
        var last = word[(word.LastIndexOf('-') + 1)..];
        if (last.Length == 0)
        {
            return new() { IsNoun = true };
        }

        var readings = Simple(last);
        var isAdjective = readings.IsParticiple || readings.IsVerbIng || readings.PrefersAdjective || (readings.IsAdverb && !readings.IsNoun);
        return isAdjective ? new() { IsAdjective = true, PrefersAdjective = true, IsNoun = true } : new() { IsNoun = readings.IsNoun || !readings.IsPlural, IsPlural = readings.IsPlural };
    }

    private static int Frequency(string lemma, PartOfSpeech part)
    {
        var parts = WordNet.Shared.PartsOf(lemma);
        return parts == (PartsOfSpeech)(1 << (int)part) ? OnlyReading : WordNet.Shared.Frequency(lemma, part);
    }

    private static bool IsPluralOnly(string word) => word is not ("tennis" or "news") && (word.EndsWith('s') || word is "people" or "cattle");

    private static bool LooksPlural(string word) => word.Length > 3 && word[^1] == 's' && word[^2] is not ('s' or 'u' or 'i');

    // "larger", "biggest"
    private static bool IsCompared(string word)
    {
        var ending = word.EndsWith("est", StringComparison.Ordinal) ? 3 : word.EndsWith("er", StringComparison.Ordinal) ? 2 : 0;
        if (ending == 0 || word.Length < ending + 3)
        {
            return false;
        }

        var stem = word[..^ending];
        return Lemmatizer.IsKnown(stem, PartsOfSpeech.Adjective) || Lemmatizer.IsKnown(stem + "e", PartsOfSpeech.Adjective)
            || (stem[^1] == 'i' && Lemmatizer.IsKnown(stem[..^1] + "y", PartsOfSpeech.Adjective))
            || (stem[^1] == stem[^2] && Lemmatizer.IsKnown(stem[..^1], PartsOfSpeech.Adjective));
    }
}
