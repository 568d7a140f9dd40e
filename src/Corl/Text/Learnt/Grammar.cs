namespace Corl.Text.Learnt;

/// <summary>The tags and relations that the treebank has, by their numbers in the models.</summary>
internal static class Grammar
{
    /// <summary>Penn Treebank tags.</summary>
    public static readonly string[] Tags =
    [
        "NN", "DT", "IN", "NNS", "JJ", "VBG", "VBZ", "CC", ".", "VBN", "CD", "PRP$", "VBP", "TO", "VBD", "RP", "VB", "RB", "PRP", ",",
        "NNP", "EX", "POS", "WDT", "WRB", "WP", "JJR", "MD", "JJS", "FW", "RBR", ":", "PDT", "-RRB-", "-LRB-", "UH", "``", "''", "RBS", "$",
        "NNPS", "WP$", "SYM", "LS", "#",
    ];

    /// <summary>Relations of the basic Universal Dependencies, version 1; the first is the root's.</summary>
    public static readonly string[] Relations =
    [
        "root", "det", "case", "nmod", "amod", "nsubj", "compound", "punct", "dobj", "conj", "aux", "cc", "acl", "dep", "nummod", "advmod",
        "nmod:poss", "compound:prt", "cop", "auxpass", "nsubjpass", "mark", "xcomp", "advcl", "acl:relcl", "expl", "nmod:npmod", "ccomp",
        "neg", "appos", "iobj", "nmod:tmod", "det:predet", "mwe", "discourse", "csubj", "cc:preconj", "parataxis", "csubjpass",
    ];

    /// <summary>The number of the root's relation.</summary>
    public const int Root = 0;

    private static readonly bool[] Verbs = [.. Tags.Select(tag => tag[0] == 'V' || tag == "MD")];

    /// <summary>Whether a tag is a verb's.</summary>
    public static bool IsVerb(int tag) => tag < Verbs.Length && Verbs[tag];
}
