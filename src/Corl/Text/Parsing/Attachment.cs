namespace Corl.Text.Parsing;

/// <summary>Where prepositional phrases and participles belong.</summary>
internal static class Attachment
{
    /// <summary>The word that a phrase with this preposition belongs to, or <see cref="PartialTree.None"/> when nothing came before it.</summary>
    /// <param name="preposition">Its first word.</param>
    /// <param name="tree">What is attached so far.</param>
    /// <param name="verb">The verb or predicate just before the phrase; none if a noun came since.</param>
    /// <param name="noun">The last noun, or none.</param>
    public static int Of(string preposition, PartialTree tree, int verb, int noun)
    {
        if (verb >= 0 || noun < 0)
        {
            return verb;
        }

        if (preposition == "of")
        {
            return noun;
        }

        var (governor, relation) = (tree.Head(noun), tree.Relation(noun));
        if (governor < 0 || relation is not ("dobj" or "nmod"))
        {
            return noun;
        }

        if (tree.Tags[governor][0] == 'V')
        {
            var isDirection = CaptionWords.Directions.Contains(preposition);
            var isPlaced = relation == "dobj" && preposition is not "with" && CaptionWords.PlacementVerbs.Contains(tree.Lemma(governor));
            return isDirection || isPlaced ? governor : Wearer(tree, preposition, noun);
        }

        return Wearer(tree, preposition, noun);
    }

    /// <summary>Who does what a participle behind a noun says: the nearest of the nouns it belongs to that can act, else the noun itself.</summary>
    public static int Actor(PartialTree tree, int noun)
    {
        const int Steps = 4; // ours: nouns looked at on the way up
        var at = FirstConjunct(tree, noun);
        for (var step = 0; step < Steps && at >= 0; step++)
        {
            if (CaptionWords.Agents.Contains(tree.Lemma(at)))
            {
                return at;
            }

            var head = tree.Head(at);
            at = head >= 0 && tree.Tags[head][0] == 'V' ? Doer(tree, head) : head;
        }

        return FirstConjunct(tree, noun);
    }

    // "a man in a red shirt on a bike": not the shirt is on the bike.
    private static int Wearer(PartialTree tree, string preposition, int noun)
    {
        var actor = preposition == "with" ? noun : Actor(tree, noun);
        return CaptionWords.Worn.Contains(tree.Lemma(noun)) && CaptionWords.Agents.Contains(tree.Lemma(actor)) ? actor : noun;
    }

    // The noun that a verb is said of.
    private static int Doer(PartialTree tree, int verb)
    {
        var subject = tree.LastChild(verb, "nsubj");
        return subject >= 0 ? subject : tree.Relation(verb) is "acl" or "conj" or "xcomp" ? tree.Head(verb) : PartialTree.None;
    }

    private static int FirstConjunct(PartialTree tree, int noun) => tree.Relation(noun) == "conj" ? tree.Head(noun) : noun;
}
