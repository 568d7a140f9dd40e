namespace Corl.Text;

/// <summary>
/// The scene graph of one caption, or of several references together: objects with attributes, and relations between objects, each a
/// <see cref="Concept"/> in which synonyms are merged. Greedy in the order of the facts, as in SPICE (Anderson et al. 2016, §3.1).
/// </summary>
public sealed class SceneGraph
{
    private readonly List<Node> _nodes = [];
    private readonly List<Edge> _edges = [];

    internal SceneGraph(IEnumerable<SceneFact> facts, SynsetIds? synonyms)
    {
        Concept Concept(string phrase) => new(phrase, synonyms is { } ids ? WordNet.Shared.Synsets(phrase, ids) : []);
        foreach (var fact in facts)
        {
            if (fact.IsCountOnly)
            {
                _nodes.Find(node => node.Name.Has(fact.Subject))!.Count += fact.Count;
                continue;
            }

            var subject = AddNode(Concept(fact.Subject));
            if (fact.Attribute is { } attribute)
            {
                subject.AddAttribute(Concept(attribute), fact);
            }
            else if (fact is { Relation: { } relation, Target: { } target })
            {
                var name = relation.StartsWith("be ", StringComparison.Ordinal) ? relation[3..] : relation; // "be on" is "on"
                AddEdge(subject, Concept(name), AddNode(Concept(target)));
            }
            else
            {
                subject.Count += fact.Count;
            }
        }
    }

    /// <summary>
    /// The tuples: [object], [object, attribute] or [subject, relation, object], merged synonyms joined by a slash. Objects come first,
    /// then attributes, then relations.
    /// </summary>
    public IReadOnlyList<string[]> Tuples => [.. Compile().Select(tuple => tuple.Parts.Select(part => part.ToString()).ToArray())];

    /// <summary>The tuples as a set: one for each node, each attribute of a node, and each edge.</summary>
    internal List<SceneTuple> Compile()
    {
        var tuples = new List<SceneTuple>();
        tuples.AddRange(_nodes.Select(node => new SceneTuple([node.Name], 1)));
        tuples.AddRange(_nodes.SelectMany(node => node.Attributes.Select(attribute => new SceneTuple([node.Name, attribute.Name], 1))));
        tuples.AddRange(_edges.Select(edge => new SceneTuple([edge.Source.Name, edge.Name, edge.Target.Name], 1)));
        return tuples;
    }

    /// <summary>The tuples as a multiset: objects and attributes as often as objects have them; numbers have become counts.</summary>
    internal List<SceneTuple> CompileMultiset()
    {
        var tuples = new List<SceneTuple>();
        tuples.AddRange(_nodes.Select(node => new SceneTuple([node.Name], Math.Max(node.Count, 1))));
        tuples.AddRange(_nodes.SelectMany(node => node.Attributes.Where(attribute => !attribute.IsNumber)
            .Select(attribute => new SceneTuple([node.Name, attribute.Name], attribute.Count))));
        tuples.AddRange(_edges.Select(edge => new SceneTuple([edge.Source.Name, edge.Name, edge.Target.Name], 1)));
        return tuples;
    }

    // An equal concept, else the first that overlaps most, takes the new one in.
    private Node AddNode(Concept concept)
    {
        Node? best = null;
        var bestOverlap = 0.0;
        foreach (var node in _nodes)
        {
            if (node.Name.IsSame(concept))
            {
                return node;
            }

            var overlap = node.Name.Overlap(concept);
            (best, bestOverlap) = overlap > bestOverlap ? (node, overlap) : (best, bestOverlap);
        }

        if (best is null)
        {
            best = new Node(concept);
            _nodes.Add(best);
        }
        else
        {
            best.Name.Absorb(concept);
        }

        return best;
    }

    private void AddEdge(Node source, Concept name, Node target)
    {
        Edge? similar = null;
        foreach (var edge in _edges)
        {
            if (edge.Source == source && edge.Target == target)
            {
                if (edge.Name.IsSame(name))
                {
                    return;
                }

                similar ??= edge.Name.IsSimilar(name) ? edge : null;
            }
        }

        if (similar is null)
        {
            _edges.Add(new Edge(source, name, target));
        }
        else
        {
            similar.Name.Absorb(name);
        }
    }

    private sealed record Edge(Node Source, Concept Name, Node Target);

    private sealed class Attribute(Concept name, bool isNumber)
    {
        public Concept Name => name;

        public bool IsNumber => isNumber;

        public int Count { get; set; }
    }

    private sealed class Node(Concept name)
    {
        public Concept Name => name;

        public int Count { get; set; }

        public List<Attribute> Attributes { get; } = [];

        // An equal attribute, else the first similar one, takes the new one in.
        public void AddAttribute(Concept concept, SceneFact fact)
        {
            var known = Attributes.Find(attribute => attribute.Name.IsSame(concept)) ?? Attributes.Find(attribute => attribute.Name.IsSimilar(concept));
            if (known is null)
            {
                known = new Attribute(concept, fact.IsNumber);
                Attributes.Add(known);
            }
            else
            {
                known.Name.Absorb(concept);
            }

            known.Count += fact.IsRepetition ? 0 : fact.Count;
        }
    }
}

/// <summary>A tuple of merged concepts: [object], [object, attribute] or [subject, relation, object], and how often it holds.</summary>
internal sealed record SceneTuple(Concept[] Parts, int Count)
{
    /// <summary>Whether the tuples have one length and are similar position by position.</summary>
    public bool Matches(SceneTuple other)
    {
        if (Parts.Length != other.Parts.Length)
        {
            return false;
        }

        for (var i = 0; i < Parts.Length; i++)
        {
            if (!Parts[i].IsSimilar(other.Parts[i]))
            {
                return false;
            }
        }

        return true;
    }
}
