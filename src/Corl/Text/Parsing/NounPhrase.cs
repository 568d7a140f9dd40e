namespace Corl.Text.Parsing;

/// <summary>A noun phrase without what follows its head: determiners, numbers, adjectives, possessors, compounds, head.</summary>
/// <param name="Head">Its last noun; the last word where it has none.</param>
/// <param name="IsAdjective">Whether the head is an adjective, as in "is black".</param>
/// <param name="End">Where the phrase ends.</param>
internal readonly record struct NounPhrase(int Head, bool IsAdjective, int End)
{
    /// <summary>The phrase that starts at <paramref name="start"/>, its words attached to its head; null when none starts there.</summary>
    public static NounPhrase? Find(string[] words, PartialTree tree, bool[] isModifier, int start)
    {
        var tags = tree.Tags;
        if (tags[start] == "PRP")
        {
            return new(start, false, start + 1);
        }

        var (head, owner, at) = (PartialTree.None, PartialTree.None, start);
        var before = new List<int>(); // modifiers that wait for the head
        for (; at < tags.Length; at++)
        {
            var tag = tags[at];
            if (tag == "POS" && head >= 0 && at + 1 < tags.Length)
            {
                AttachAll(tree, before, head, owner);
                tree.Attach(at, head, "case");
                (owner, head) = (head, PartialTree.None);
                before.Clear();
            }
            else if (tag is "NN" or "NNS" or "NNP")
            {
                if (head >= 0)
                {
                    before.Add(head);
                }

                head = at;
            }
            else if (head >= 0 || !Precedes(words, tags, isModifier, at, start))
            {
                break;
            }
            else
            {
                before.Add(at);
            }
        }

        if (head < 0 && before.Count == 0)
        {
            return null;
        }

        if (head < 0)
        {
            head = before.FindLast(word => tags[word] is not ("RB" or "CC" or ","));
            before.Remove(head);
        }

        AttachAll(tree, before, head, owner);
        return new(head, tags[head][0] is 'J' or 'V', at);
    }

    // Whether a word can stand before the head.
    private static bool Precedes(string[] words, string[] tags, bool[] isModifier, int at, int start) => tags[at] switch
    {
        "DT" => at == start || (tags[at - 1] == "DT" && words[at] is "the" or "these" or "those"),
        "PRP$" => at == start || tags[at - 1] == "DT",
        "CD" or "JJ" => true,
        "VBG" or "VBN" => isModifier[at],
        "RB" => at + 1 < tags.Length && IsDescription(tags, isModifier, at + 1) && (at > start || tags[at + 1] == "JJ"),
        "CC" or "," => at > start && IsDescription(tags, isModifier, at - 1) && at + 1 < tags.Length && IsDescription(tags, isModifier, at + 1),
        _ => false,
    };

    private static bool IsDescription(string[] tags, bool[] isModifier, int at) => tags[at] == "JJ" || isModifier[at];

    private static void AttachAll(PartialTree tree, List<int> before, int head, int owner)
    {
        tree.Attach(owner, head, "nmod:poss");
        foreach (var word in before)
        {
            tree.Attach(word, head, tree.Tags[word] switch
            {
                "DT" => "det",
                "PRP$" => "nmod:poss",
                "CD" => "nummod",
                "RB" => "advmod",
                "CC" => "cc",
                "," => "punct",
                "NN" or "NNS" or "NNP" => "compound",
                _ => "amod",
            });
        }
    }
}
