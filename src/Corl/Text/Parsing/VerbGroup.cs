namespace Corl.Text.Parsing;

/// <summary>A verb with its auxiliaries: "has been cut".</summary>
/// <param name="Main">The main verb; −1 when the group is a form of "be" that leads to a noun, an adjective or a place.</param>
/// <param name="Be">The last form of "be", or −1.</param>
/// <param name="Auxiliaries">All words before the main verb but adverbs.</param>
/// <param name="IsPassive">Whether a form of "be" stands before a participle of the past.</param>
/// <param name="IsFinite">Whether the group can be the verb of a clause.</param>
/// <param name="End">Where the group ends.</param>
internal sealed record VerbGroup(int Main, int Be, List<int> Auxiliaries, bool IsPassive, bool IsFinite, int End)
{
    /// <summary>The verb group that starts at <paramref name="start"/>, where a verb or a modal stands.</summary>
    public static VerbGroup Find(string[] words, string[] tags, bool[] isModifier, int start)
    {
        var auxiliaries = new List<int>();
        var (main, be, at) = (PartialTree.None, PartialTree.None, start);
        for (; at < words.Length; at++)
        {
            var isVerb = tags[at][0] == 'V' && !isModifier[at];
            if (tags[at] == "MD")
            {
                auxiliaries.Add(at);
            }
            else if (isVerb && IsAuxiliary(words, tags, at))
            {
                auxiliaries.Add(at);
                be = Lemmatizer.Lemma(words[at], tags[at]) == "be" ? at : be;
            }
            else if (isVerb)
            {
                main = at++;
                break;
            }
            else if (tags[at] != "RB" || at == start || !ContinuesAfter(tags, isModifier, at))
            {
                break;
            }
        }

        var isFinite = tags[start] is "VBZ" or "VBP" or "VBD" or "MD" or "VB";
        if (main < 0)
        {
            if (be < 0)
            {
                main = auxiliaries[^1]; // "does", "has", "can" alone
            }

            auxiliaries.Remove(main < 0 ? be : main);
            return new(main, be, auxiliaries, false, isFinite, at);
        }

        return new(main, be, auxiliaries, be >= 0 && tags[main] is "VBN" or "VBD", isFinite, at);
    }

    // be always; have and do only before the verb they help.
    private static bool IsAuxiliary(string[] words, string[] tags, int at)
    {
        var lemma = Lemmatizer.Lemma(words[at], tags[at]);
        var next = at + 1;
        while (next < tags.Length && tags[next] == "RB")
        {
            next++;
        }

        var following = next < tags.Length ? tags[next] : "";
        return lemma == "be" || (lemma == "have" && following == "VBN") || (lemma == "do" && following == "VB");
    }

    private static bool ContinuesAfter(string[] tags, bool[] isModifier, int at)
    {
        while (at < tags.Length && tags[at] == "RB")
        {
            at++;
        }

        return at < tags.Length && tags[at][0] == 'V' && !isModifier[at];
    }
}
