namespace Corl.Text.Parsing;

/// <summary>
/// Tags of a sentence by rules: closed classes from a table, the rest from what the words can be (<see cref="Readings"/>) and what stands
/// before and after. One pass from left to right.
/// </summary>
internal sealed partial class CaptionTagger
{
    private readonly string[] _words; // lower case
    private readonly Readings?[] _readings; // null for closed classes
    private readonly string[] _tags;
    private readonly bool[] _isModifier;
    private bool _hasFiniteVerb; // in this clause
    private bool _isRelative; // in a relative clause within a clause that waits for its verb
    private string _lastVerbTag = "";

    private CaptionTagger(IReadOnlyList<string> words)
    {
        _words = [.. words.Select(word => word.ToLowerInvariant())];
        _readings = [.. _words.Select(word => CaptionWords.Tags.ContainsKey(word) || !char.IsLetterOrDigit(word[0]) ? null : Readings.Of(word))];
        _tags = new string[_words.Length];
        _isModifier = new bool[_words.Length];
    }

    /// <summary>The tag of each word, and which participles stand before the noun they modify.</summary>
    public static (string[] Words, string[] Tags, bool[] IsModifier) Tag(IReadOnlyList<string> words)
    {
        var tagger = new CaptionTagger(words);
        for (var i = 0; i < words.Count; i++)
        {
            var tag = tagger.TagOf(i);
            tagger._tags[i] = tag;
            tagger.Track(i, tag);
        }

        return (tagger._words, tagger._tags, tagger._isModifier);
    }

    // Which verbs the clause has had.
    private void Track(int i, string tag)
    {
        if (tag is "VBZ" or "VBP" or "VBD" or "MD")
        {
            _isRelative &= !_hasFiniteVerb; // a second one ends the relative clause
            _hasFiniteVerb = true;
        }
        else if (tag is "WDT" or "WP")
        {
            (_isRelative, _hasFiniteVerb) = (!_hasFiniteVerb, false);
        }
        else if (tag is "WRB" or "CC" || (tag == "IN" && CaptionWords.Subordinators.Contains(_words[i])))
        {
            _hasFiniteVerb = false;
        }

        if (tag[0] == 'V' && !_isModifier[i])
        {
            _lastVerbTag = tag;
        }
    }

    // Whether a finite verb can come: the clause has none yet, or is a relative clause in one that has none.
    private bool AwaitsVerb => !_hasFiniteVerb || _isRelative;

    private string TagOf(int i) => _readings[i] is { } readings ? Open(i, readings) : Closed(i);

    private string Closed(int i)
    {
        var word = _words[i];
        switch (word)
        {
            case "that":
                return IsNounTag(Previous(i)) && IsVerbLike(i + 1) ? "WDT" : StartsNominal(i + 1) ? "DT" : "IN";
            case "her":
                return StartsNominal(i + 1) ? "PRP$" : "PRP";
            case "'s":
                return IsNounTag(Previous(i)) && !(i + 1 < _words.Length && _words[i + 1] is "a" or "an" or "the") && StartsNominal(i + 1) ? "POS" : "VBZ";
            case "'":
                return Previous(i) == "NNS" && StartsNominal(i + 1) ? "POS" : ":";
            case "there":
                return i + 1 < _words.Length && _words[i + 1] is "is" or "are" or "was" or "were" or "'s" ? "EX" : "RB";
            case "to":
                return IsInfinitive(i) ? "TO" : "IN";
            case "like":
                return Previous(i) is "MD" or "TO" ? "VB" : "IN";
        }

        if (!CaptionWords.Tags.TryGetValue(word, out var tag))
        {
            return ":";
        }

        if (CaptionWords.Particles.Contains(word) && !StartsPhrase(i + 1))
        {
            // "a close up of a cat"
            return word == "up" && i > 0 && _words[i - 1] == "close" ? "NN"
                : i > 0 && _tags[i - 1][0] == 'V' && !IsPreposition(i + 1, "of") ? "RP"
                : IsPreposition(i + 1, "of") ? "IN"
                : "RB";
        }

        return tag;
    }

    private string Open(int i, Readings word)
    {
        var previous = Previous(i);
        if (word.IsNumber)
        {
            return "CD";
        }

        if (_words[i] is "left" or "right" && IsPreposition(i + 1, "of") && previous is not ("DT" or "PRP$"))
        {
            return "IN";
        }

        if (previous is "TO" or "MD" && word.IsVerb)
        {
            return "VB";
        }

        if (IsDo(i) && word.IsVerb)
        {
            return "VB";
        }

        if (IsBe(i))
        {
            return AfterBe(i, word);
        }

        return previous is "DT" or "PRP$" or "POS" or "CD" or "JJ" || (i > 0 && _isModifier[i - 1]) ? InPhrase(i, word)
            : IsNounTag(previous) || previous == "PRP" ? AfterNoun(i, word, previous)
            : AtStart(i, word);
    }

    private string AfterBe(int i, Readings word) =>
        word.IsVerbIng ? "VBG"
            : word.IsParticiple ? "VBN"
            : word.IsAdjective && !(NextIsNoun(i) && word.IsNoun && !word.PrefersAdjective) ? "JJ"
            : Nominal(i, word);

    private string InPhrase(int i, Readings word)
    {
        if (NextIsNominal(i))
        {
            if (word.IsAdjective && (!word.IsNoun || word.PrefersAdjective) && !(word.IsVerbIng && word.PrefersVerb))
            {
                return "JJ";
            }

            if (word.IsVerbIng && !(word.IsNoun && CaptionWords.GerundNouns.Contains(_words[i])))
            {
                return Modifier(i, "VBG");
            }

            if (word.IsParticiple && !word.IsNoun)
            {
                return Modifier(i, "VBN");
            }
        }

        return Nominal(i, word);
    }

    private string AfterNoun(int i, Readings word, string previous)
    {
        if (word.IsVerbIng && !CaptionWords.GerundNouns.Contains(_words[i]))
        {
            return "VBG";
        }

        if ((word.IsPast || word.IsParticiple) && !(word.IsNoun && !word.PrefersVerb))
        {
            var isFinite = !word.IsParticiple || previous == "PRP" || (word.IsPast && StartsPhrase(i + 1) && AwaitsVerb && !FiniteAhead(i + 1));
            return isFinite ? "VBD" : "VBN";
        }

        var isFree = AwaitsVerb && !FiniteAhead(i + 1);
        var isFollowed = i + 1 >= _words.Length || _readings[i + 1] is not { } next || !(next.IsNoun || next.IsPlural);
        if (word.IsVerbS && isFree && previous != "NNS" && (!word.IsPlural || previous == "PRP" || StartsDetermined(i + 1) || (word.PrefersVerb && isFollowed)))
        {
            return "VBZ";
        }

        if (word.IsVerb && isFree && (previous is "NNS" or "PRP" || IsConjoined(i)) && (!(word.IsNoun || word.IsAdjective) || previous == "PRP" || StartsDetermined(i + 1) || (word.PrefersVerb && isFollowed)))
        {
            return "VBP";
        }

        return word.IsAdjective && (!word.IsNoun || (word.PrefersAdjective && NextIsNominal(i))) ? "JJ"
            : word.IsAdverb && !word.IsNoun && !word.IsPlural ? "RB"
            : Nominal(i, word);
    }

    // After a verb, a preposition, a conjunction or at the start.
    private string AtStart(int i, Readings word)
    {
        var previous = Previous(i);
        if (previous == "CC" && Parallel(i, word) is { } parallel)
        {
            return parallel;
        }

        if (word.IsVerbIng && !CaptionWords.GerundNouns.Contains(_words[i]))
        {
            var isModifier = NextIsNominal(i) && !StartsDetermined(i + 1) && i > 0 && previous is "IN" or "CC" or ",";
            return isModifier ? Modifier(i, "VBG") : previous == "IN" && word.IsNoun && !StartsPhrase(i + 1) && !CaptionWords.Subordinators.Contains(_words[i - 1]) ? "NN" : "VBG";
        }

        if (word.IsAdjective && (!word.IsNoun || (word.PrefersAdjective && NextIsNominal(i))))
        {
            return "JJ";
        }

        if (word.IsParticiple && !word.IsNoun)
        {
            return NextIsNominal(i) ? Modifier(i, "VBN") : "VBN";
        }

        return word.IsAdverb && !word.IsNoun && !word.IsPlural ? "RB"
            : word.IsPast && !word.IsNoun ? "VBD"
            : Nominal(i, word);
    }

    // "stands and holds": the same kind of verb as before.
    private string? Parallel(int i, Readings word)
    {
        var isOnlyVerb = !word.IsNoun && !word.IsPlural;
        var isLikely = isOnlyVerb || (word.PrefersVerb && (StartsDetermined(i + 1) || i + 1 >= _words.Length || IsClosed(i + 1)));
        return !isLikely ? null : _lastVerbTag switch
        {
            "VBZ" or "VBP" when word.IsVerbS => "VBZ",
            "VBZ" or "VBP" or "VB" when word.IsVerb => "VBP",
            "VBG" when word.IsVerbIng => "VBG",
            "VBD" or "VBN" when word.IsPast || word.IsParticiple => _lastVerbTag,
            _ => null,
        };
    }

    private string Nominal(int i, Readings word)
    {
        return word.IsPlural ? "NNS"
            : word.IsNoun || word.IsVerbIng ? "NN"
            : word.IsAdjective ? "JJ"
            : word.IsParticiple ? "VBN"
            : word.IsPast ? "VBD"
            : word.IsVerbS ? "VBZ"
            : word.IsAdverb ? "RB"
            : word.IsVerb && i > 0 && Previous(i) is not ("DT" or "PRP$" or "JJ" or "IN") ? "VBP"
            : "NN";
    }

    private string Modifier(int i, string tag)
    {
        _isModifier[i] = true;
        return tag;
    }
}
