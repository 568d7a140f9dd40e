namespace Corl.Text.Parsing;

/// <summary>
/// The words of one sentence and the dependencies between them: a tree when it comes from a parser, a graph once conjuncts share their
/// governors and pronouns are resolved.
/// </summary>
internal sealed class DependencyGraph
{
    private readonly List<Vertex> _vertices = []; // in the order of the sentence, copies behind their word

    /// <summary>The basic tree of a parsed sentence.</summary>
    public DependencyGraph(IReadOnlyList<ParsedToken> sentence)
    {
        for (var i = 0; i < sentence.Count; i++)
        {
            var token = sentence[i];
            _vertices.Add(new Vertex(i + 1, 0, token.Form.ToLowerInvariant(), token.Lemma, token.Tag) { IsRoot = token.Head == 0 });
        }

        for (var i = 0; i < sentence.Count; i++)
        {
            if (sentence[i].Head > 0)
            {
                Add(_vertices[sentence[i].Head - 1], sentence[i].Relation, _vertices[i]);
            }
        }

        _vertices.RemoveAll(vertex => vertex is { IsRoot: false, In.Count: 0, Out.Count: 0 });
    }

    /// <summary>The words in the order of the sentence.</summary>
    public IReadOnlyList<Vertex> Vertices => _vertices;

    /// <summary>The first root in the order of the sentence, or null.</summary>
    public Vertex? Root => _vertices.Find(vertex => vertex.IsRoot);

    /// <summary>All edges as they are now.</summary>
    public List<Edge> Edges() => [.. _vertices.SelectMany(vertex => vertex.Out)];

    /// <summary>Adds an edge; unless parallel edges are wanted, not where the same one is there.</summary>
    public static void Add(Vertex head, string relation, Vertex dependent, bool isParallel = false)
    {
        var at = head.Out.Count;
        for (; at > 0 && !head.Out[at - 1].Dependent.IsBefore(dependent); at--)
        {
            if (!isParallel && head.Out[at - 1] is var known && known.Dependent == dependent && known.Relation == relation)
            {
                return;
            }
        }

        var edge = new Edge(head, relation, dependent);
        head.Out.Insert(at, edge);
        dependent.In.Add(edge);
    }

    public static void Remove(Edge edge)
    {
        edge.Head.Out.Remove(edge);
        edge.Dependent.In.Remove(edge);
    }

    /// <summary>Puts another edge in the place of one.</summary>
    public static void Replace(Edge edge, Vertex head, string relation, Vertex dependent)
    {
        Remove(edge);
        Add(head, relation, dependent);
    }

    /// <summary>A new copy of a word, without edges.</summary>
    public Vertex CopyOf(Vertex vertex)
    {
        var last = _vertices.FindLastIndex(other => other.Index == vertex.Index);
        var copy = new Vertex(vertex.Index, _vertices[last].Copy + 1, vertex.Word, vertex.Lemma, vertex.Tag);
        _vertices.Insert(last + 1, copy);
        return copy;
    }
}
