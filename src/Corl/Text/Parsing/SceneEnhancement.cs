namespace Corl.Text.Parsing;

/// <summary>What SPICE changes in the graph before it reads tuples from it: quantifiers and pronouns.</summary>
internal static class SceneEnhancement
{
    // "a … of X"
    private static readonly HashSet<string> AfterArticle =
    [
        "lot", "assortment", "number", "couple", "bunch", "handful", "litany", "sheaf", "slew", "dozen", "series", "variety", "multitude",
        "wad", "clutch", "wave", "mountain", "array", "spate", "string", "ton", "range", "plethora", "heap", "sort", "form", "kind", "type",
        "version", "bit", "pair", "triple", "total",
    ];

    // "… of X", besides digits with a plural s
    private static readonly HashSet<string> Bare =
    [
        "lots", "many", "several", "plenty", "tons", "dozens", "multitudes", "mountains", "loads", "pairs", "tens", "hundreds", "thousands",
        "millions", "billions", "trillions",
    ];

    // "… of the X", "… of them", besides digits
    private static readonly HashSet<string> BeforeArticle =
    [
        "some", "all", "both", "neither", "everyone", "nobody", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "hundred", "thousand", "million", "billion", "trillion",
    ];

    private static readonly HashSet<string> SingularPronouns =
    [
        "i", "me", "my", "mine", "he", "him", "his", "she", "her", "hers", "it", "its", "one", "myself", "himself", "herself", "itself", "oneself",
    ];

    public static void Apply(DependencyGraph graph)
    {
        PromoteQuantified(graph);
        ResolvePronouns(graph);
    }

    // "a couple of dogs": dogs take the place of couple, and "a couple of" becomes one expression under them, headed by its first word.
    private static void PromoteQuantified(DependencyGraph graph)
    {
        foreach (var quantifier in graph.Vertices)
        {
            foreach (var phrase in quantifier.Out.FindAll(edge => edge.Relation.StartsWith("nmod", StringComparison.Ordinal)))
            {
                var of = phrase.Dependent.Out.Find(edge => edge.Relation == "case" && edge.Dependent.Word == "of");
                if (of is not null && of.Dependent.Index == quantifier.Index + 1 && WordsBefore(quantifier, phrase.Dependent) is { } before)
                {
                    Promote(quantifier, phrase, of, before);
                    break;
                }
            }
        }
    }

    // The words left of the quantifier that belong to the expression; null when it is none.
    private static List<Edge>? WordsBefore(Vertex quantifier, Vertex noun)
    {
        var isPronoun = noun.Tag.StartsWith("PRP", StringComparison.Ordinal);
        var left = quantifier.Out.FindAll(edge => edge.Dependent.IsBefore(quantifier));
        if ((noun.IsNoun || isPronoun) && AfterArticle.Contains(quantifier.Word) && quantifier.Out.Exists(edge => edge is { Relation: "det", Dependent.Word: "a" or "an" }))
        {
            return left.FindAll(edge => edge.Relation is "det" or "amod");
        }

        var isBare = (noun.IsNoun || isPronoun) && (Bare.Contains(quantifier.Word) || (quantifier.Word[^1] == 's' && IsNumber(quantifier.Word[..^1])));
        var isBeforeArticle = (isPronoun || (noun.IsNoun && noun.HasChild("det"))) && (BeforeArticle.Contains(quantifier.Word) || IsNumber(quantifier.Word));
        return isBare || isBeforeArticle ? left : null;
    }

    private static void Promote(Vertex quantifier, Edge phrase, Edge of, List<Edge> before)
    {
        var noun = phrase.Dependent;
        DependencyGraph.Remove(phrase);
        if (quantifier.In.MinBy(edge => (edge.Head.Index, edge.Head.Copy)) is { } governor)
        {
            foreach (var edge in quantifier.In.ToArray())
            {
                DependencyGraph.Remove(edge);
            }

            DependencyGraph.Add(governor.Head, governor.Relation, noun);
        }

        (noun.IsRoot, quantifier.IsRoot) = (noun.IsRoot || quantifier.IsRoot, false);
        before.ForEach(DependencyGraph.Remove);
        List<Vertex> expression = [.. before.Select(edge => edge.Dependent), quantifier];
        DependencyGraph.Add(noun, "det:qmod", expression[0]);
        foreach (var part in expression.Skip(1))
        {
            DependencyGraph.Add(expression[0], "mwe", part);
        }

        DependencyGraph.Replace(of, expression[0], "mwe", of.Dependent);
    }

    // A pronoun means the first noun of its number, breadth first from the root, if that comes before it.
    private static void ResolvePronouns(DependencyGraph graph)
    {
        foreach (var pronoun in graph.Vertices)
        {
            if (pronoun.Tag is not ("PRP" or "PRP$") || pronoun.Index == 1 || pronoun.In.Count == 0
                || FirstNoun(graph, SingularPronouns.Contains(pronoun.Word)) is not { } noun || !noun.IsBefore(pronoun))
            {
                continue;
            }

            foreach (var edge in pronoun.In.ToArray())
            {
                DependencyGraph.Remove(edge);
                DependencyGraph.Add(edge.Head, edge.Relation, noun, isParallel: true);
            }

            foreach (var edge in pronoun.Out.ToArray())
            {
                DependencyGraph.Remove(edge);
                DependencyGraph.Add(noun, edge.Relation, edge.Dependent, isParallel: true);
            }
        }
    }

    private static Vertex? FirstNoun(DependencyGraph graph, bool isSingular)
    {
        var queue = new Queue<Vertex>();
        var seen = new HashSet<Vertex>();
        for (var next = graph.Root; next is not null; next = queue.Count > 0 ? queue.Dequeue() : null)
        {
            if (isSingular ? next.Tag is "NN" or "NNP" : next.IsNoun)
            {
                return next;
            }

            foreach (var edge in next.Out.Where(edge => seen.Add(edge.Dependent)))
            {
                queue.Enqueue(edge.Dependent);
            }
        }

        return null;
    }

    private static bool IsNumber(string word) => word.Length > 0 && word.All(char.IsAsciiDigit);
}
