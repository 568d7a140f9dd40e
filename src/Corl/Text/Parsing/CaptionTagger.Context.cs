namespace Corl.Text.Parsing;

/// <content>What stands before and after a word.</content>
internal sealed partial class CaptionTagger
{
    // The tag before, adverbs passed over.
    private string Previous(int i)
    {
        var at = i - 1;
        while (at >= 0 && _tags[at] == "RB")
        {
            at--;
        }

        return at < 0 ? "" : _tags[at];
    }

    private bool IsBe(int i)
    {
        var at = i - 1;
        while (at >= 0 && _tags[at] is "RB" or "EX")
        {
            at--;
        }

        return at >= 0 && _tags[at][0] == 'V' && Lemmatizer.Lemma(_words[at], _tags[at]) is "be" or "get" && !_isModifier[at];
    }

    private bool IsDo(int i) => i > 1 && _words[i - 1] is "n't" or "not" && _words[i - 2] is "do" or "does" or "did";

    // "two men and a woman sit": a conjunction stands between this noun phrase and one before it.
    private bool IsConjoined(int i)
    {
        for (var at = i - 1; at > 0 && (IsNounTag(_tags[at]) || _tags[at] is "DT" or "JJ" or "CD" or "PRP$" or "CC"); at--)
        {
            if (_tags[at] == "CC")
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNounTag(string tag) => tag is "NN" or "NNS" or "NNP";

    private bool NextIsNominal(int i) => i + 1 < _words.Length && (_readings[i + 1]?.IsNominal ?? _words[i + 1] is "and" && i + 2 < _words.Length && _readings[i + 2] is { IsAdjective: true });

    private bool NextIsNoun(int i) => i + 1 < _words.Length && _readings[i + 1] is { } next && (next.IsNoun || next.IsPlural);

    private bool IsPreposition(int i, string word) => i < _words.Length && _words[i] == word;

    private bool IsClosed(int i) => i < _words.Length && _readings[i] is null;

    // What can follow a possessive or a "that".
    private bool StartsNominal(int i) => i < _words.Length && (_readings[i] is { } word ? word.IsNominal : CaptionWords.Tags.GetValueOrDefault(_words[i]) is "JJ" or "CD" or "NN");

    private bool StartsDetermined(int i) => i < _words.Length && CaptionWords.Tags.GetValueOrDefault(_words[i]) is "DT" or "PRP$" or "PRP" or "CD" || (i < _words.Length && _words[i] == "her");

    /// <summary>Whether a noun phrase can start here.</summary>
    private bool StartsPhrase(int i) => StartsDetermined(i) || StartsNominal(i);

    private bool IsVerbLike(int i) => i < _words.Length && (_readings[i] is { } word ? word.IsAnyVerb && !(word.IsNoun && !word.PrefersVerb)
        : CaptionWords.Tags.GetValueOrDefault(_words[i]) is "VBZ" or "VBP" or "VBD" or "MD" or "PRP" or "DT");

    private bool IsInfinitive(int i)
    {
        if (i + 1 >= _words.Length || StartsDetermined(i + 1))
        {
            return false;
        }

        if (_readings[i + 1] is not { IsVerb: true } next)
        {
            return _words[i + 1] is "be" or "have" or "do";
        }

        return !(next.IsNoun || next.IsAdjective) || StartsDetermined(i + 2) || (i > 0 && _tags[i - 1] is "VBG" or "VBZ" or "VBP" or "VBD" or "VBN" or "JJ" && next.PrefersVerb);
    }

    // Whether an unmistakable finite verb comes before the clause ends.
    private bool FiniteAhead(int i)
    {
        for (var at = i; at < _words.Length; at++)
        {
            var tag = CaptionWords.Tags.GetValueOrDefault(_words[at]);
            if (tag is "WDT" or "WP" or "WRB" or "CC" or "," || _words[at] is "that" || (CaptionWords.Subordinators.Contains(_words[at]) && tag is "IN" or "WRB"))
            {
                return false;
            }

            if (tag is "VBZ" or "VBP" or "VBD" or "MD" && _words[at] is not ("'s" or "'d"))
            {
                return true;
            }
        }

        return false;
    }
}
