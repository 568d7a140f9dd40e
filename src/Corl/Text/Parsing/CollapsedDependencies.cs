namespace Corl.Text.Parsing;

/// <summary>
/// From the basic tree to the graph that SPICE reads: prepositions of several words become one, prepositions and conjunctions become part
/// of the relation's name, and conjuncts take over the relations that govern the first of them ("collapsed, CC-processed"). Reproduces the
/// program behind SPICE 1.0 on all but 5 of 56,800 captions, habits included.
/// </summary>
internal static class CollapsedDependencies
{
    // Two words side by side under their noun.
    private static readonly HashSet<string> FlatPairs =
    [
        "across_from", "along_with", "alongside_of", "apart_from", "as_for", "as_from", "as_of", "as_per", "as_to", "aside_from", "based_on",
        "close_by", "close_to", "compared_to", "compared_with", "contrary_to", "depending_on", "except_for", "exclusive_of", "far_from",
        "followed_by", "inside_of", "irrespective_of", "near_to", "next_to", "off_of", "out_of", "outside_of", "owing_to", "preliminary_to",
        "preparatory_to", "previous_to", "prior_to", "regardless_of", "subsequent_to", "thanks_to", "together_with",
    ];

    // The first word governs the noun, the second stands under the noun.
    private static readonly HashSet<string> ChainedPairs =
    [
        "apart_from", "as_from", "aside_from", "away_from", "close_by", "close_to", "contrary_to", "far_from", "near_to", "next_to", "out_of",
        "outside_of", "pursuant_to", "regardless_of", "together_with",
    ];

    private static readonly HashSet<string> Triples =
    [
        "by_means_of", "in_accordance_with", "in_addition_to", "in_case_of", "in_front_of", "in_lieu_of", "in_place_of", "in_spite_of",
        "on_account_of", "on_behalf_of", "on_top_of", "with_regard_to", "with_respect_to",
    ];

    private static readonly string[] Subjects = ["nsubj", "nsubjpass", "csubj", "csubjpass"];

    /// <summary>The collapsed graph of a parsed sentence.</summary>
    public static DependencyGraph Of(IReadOnlyList<ParsedToken> sentence)
    {
        var graph = new DependencyGraph(sentence);
        if (graph.Root is null)
        {
            return graph;
        }

        JoinFlatPairs(graph);
        JoinChained(graph, isTriple: false);
        JoinChained(graph, isTriple: true);
        CopyForConjoinedPhrases(graph);
        CopyForConjoinedPrepositions(graph);
        NamePrepositions(graph);
        NameConjunctions(graph);
        ShareGovernors(graph);
        return graph;
    }

    private static bool IsLeaf(Vertex vertex) => vertex.Out.Count == 0;

    private static List<Edge> Children(Vertex vertex, string relation) => vertex.Out.FindAll(edge => edge.Relation == relation);

    private static void JoinFlatPairs(DependencyGraph graph)
    {
        foreach (var noun in graph.Vertices)
        {
            foreach (var second in Children(noun, "case"))
            {
                var first = noun.Out.Find(edge => edge.Relation is "case" or "advmod" && edge.Dependent.Index == second.Dependent.Index - 1);
                if (first is not null && IsLeaf(first.Dependent) && IsLeaf(second.Dependent) && FlatPairs.Contains(first.Dependent.Word + "_" + second.Dependent.Word))
                {
                    DependencyGraph.Replace(first, noun, "case", first.Dependent);
                    DependencyGraph.Replace(second, first.Dependent, "mwe", second.Dependent);
                }
            }
        }
    }

    // "next (to the dog)": the noun takes the place of "next"; "in front (of the dog)": that of "front".
    private static void JoinChained(DependencyGraph graph, bool isTriple)
    {
        foreach (var middle in graph.Vertices)
        {
            foreach (var phrase in Children(middle, "nmod"))
            {
                var noun = phrase.Dependent;
                var last = noun.Out.Find(edge => edge.Relation == "case" && edge.Dependent.Index == middle.Index + 1 && IsLeaf(edge.Dependent));
                var first = isTriple ? middle.Out.Find(edge => edge.Relation == "case" && edge.Dependent.Index == middle.Index - 1 && IsLeaf(edge.Dependent)) : null;
                if (last is null || (isTriple ? first is null || !Triples.Contains($"{first.Dependent.Word}_{middle.Word}_{last.Dependent.Word}")
                    : !ChainedPairs.Contains(middle.Word + "_" + last.Dependent.Word)))
                {
                    continue;
                }

                DependencyGraph.Remove(phrase);
                DependencyGraph.Remove(last);
                if (first is not null)
                {
                    DependencyGraph.Remove(first);
                }

                TakePlace(middle, noun, keepsRelation: isTriple);
                var marker = first?.Dependent ?? middle;
                DependencyGraph.Add(noun, "case", marker);
                if (isTriple)
                {
                    DependencyGraph.Add(marker, "mwe", middle);
                }

                DependencyGraph.Add(marker, "mwe", last.Dependent);
                break;
            }
        }
    }

    private static void TakePlace(Vertex old, Vertex noun, bool keepsRelation)
    {
        (noun.IsRoot, old.IsRoot) = (noun.IsRoot || old.IsRoot, false);
        foreach (var edge in old.In.ToArray())
        {
            var relation = keepsRelation || edge.Relation is "ccomp" or "acl:relcl" ? edge.Relation : "nmod";
            DependencyGraph.Replace(edge, edge.Head, relation, noun);
        }

        foreach (var edge in old.Out.ToArray())
        {
            DependencyGraph.Replace(edge, noun, edge.Relation, edge.Dependent);
        }
    }

    // "in the snow and under a bridge": the governor is doubled, so that each phrase keeps its own preposition.
    private static void CopyForConjoinedPhrases(DependencyGraph graph)
    {
        foreach (var (governor, _, noun) in graph.Edges().FindAll(edge => edge.Relation == "nmod" && edge.Dependent.HasChild("case")))
        {
            foreach (var conjunct in Children(noun, "conj").FindAll(edge => edge.Dependent.HasChild("case")))
            {
                if (noun.Out.FindLast(edge => edge.Relation == "cc" && edge.Dependent.IsBefore(conjunct.Dependent)) is { } and)
                {
                    var copy = graph.CopyOf(governor);
                    DependencyGraph.Replace(and, governor, "cc", and.Dependent);
                    DependencyGraph.Add(governor, "conj", copy);
                    DependencyGraph.Replace(conjunct, copy, "nmod", conjunct.Dependent);
                }
            }
        }
    }

    // "in and around the water"
    private static void CopyForConjoinedPrepositions(DependencyGraph graph)
    {
        foreach (var (governor, _, noun) in graph.Edges().FindAll(edge => edge.Relation == "nmod"))
        {
            foreach (var conjunct in Children(noun, "case").SelectMany(marker => Children(marker.Dependent, "conj")).ToArray())
            {
                var copy = graph.CopyOf(governor);
                DependencyGraph.Replace(conjunct, conjunct.Head, "conj:and", conjunct.Dependent);
                DependencyGraph.Add(governor, "conj:and", copy);
                DependencyGraph.Add(copy, "nmod:" + conjunct.Dependent.Word, noun);
            }
        }
    }

    private static void NamePrepositions(DependencyGraph graph)
    {
        foreach (var edge in graph.Edges())
        {
            var markers = edge.Relation is "nmod" or "advcl" or "acl" ? Children(edge.Dependent, "case") : [];
            if (markers.Count == 0)
            {
                continue;
            }

            // A preposition of several words wins; otherwise only the last one counts.
            var marker = (markers.FindLast(other => other.Dependent.HasChild("mwe")) ?? markers[^1]).Dependent;
            var name = WithExpression(marker, '_');
            var isAgent = edge.Relation == "nmod" && name == "by" && edge.Head.HasChild("auxpass");
            DependencyGraph.Replace(edge, edge.Head, edge.Relation + ":" + (isAgent ? "agent" : name), edge.Dependent);
        }
    }

    private static void NameConjunctions(DependencyGraph graph)
    {
        foreach (var edge in graph.Edges().FindAll(edge => edge.Relation == "conj"))
        {
            var conjunctions = Children(edge.Head, "cc");
            var nearest = conjunctions.FindLast(cc => cc.Dependent.IsBefore(edge.Dependent)) ?? conjunctions.FirstOrDefault();
            if (nearest is not null)
            {
                var name = WithExpression(nearest.Dependent, '_');
                DependencyGraph.Replace(edge, edge.Head, "conj:" + (name == "as_well_as" ? "and" : name), edge.Dependent);
            }
        }
    }

    /// <summary>A word with the words that form one expression with it.</summary>
    public static string WithExpression(Vertex marker, char separator) =>
        marker.Word + string.Concat(Children(marker, "mwe").Select(part => separator + part.Dependent.Word));

    // One pass over the relations that were there before it: a conjunct of a conjunct gets nothing from the first one's governor.
    private static void ShareGovernors(DependencyGraph graph)
    {
        var conjunctions = graph.Edges().FindAll(edge => edge.Relation.StartsWith("conj:", StringComparison.Ordinal));
        var shared = new List<Edge>();
        foreach (var (first, _, conjunct) in conjunctions)
        {
            shared.AddRange(first.In.Where(edge => edge.Relation != "case" && edge.Head != conjunct).Select(edge => edge with { Dependent = conjunct }));
            if ((conjunct.IsVerb || conjunct.IsAdjective) && !conjunct.Out.Exists(edge => Subjects.Contains(edge.Relation))
                && first.Out.Find(edge => Subjects.Contains(edge.Relation)) is { } subject)
            {
                shared.Add(new Edge(conjunct, InheritedRelation(subject.Relation, conjunct), subject.Dependent));
            }
        }

        foreach (var edge in shared)
        {
            DependencyGraph.Add(edge.Head, edge.Relation, edge.Dependent);
        }
    }

    private static string InheritedRelation(string relation, Vertex conjunct)
    {
        var isPassive = conjunct.HasChild("auxpass");
        var isActive = conjunct.Tag is "VB" or "VBP" or "VBZ" || conjunct.IsAdjective;
        return relation == "nsubj" && isPassive ? "nsubjpass" : relation == "nsubjpass" && !isPassive && isActive ? "nsubj" : relation;
    }
}
