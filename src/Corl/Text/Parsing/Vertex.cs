namespace Corl.Text.Parsing;

/// <summary>A word in a <see cref="DependencyGraph"/>.</summary>
/// <param name="index">Position in the sentence, from 1.</param>
/// <param name="copy">0, or the number of the copy that stands for the word in a second conjoined phrase.</param>
/// <param name="word">The form in lower case.</param>
/// <param name="lemma">The lemma in lower case.</param>
/// <param name="tag">The part of speech.</param>
internal sealed class Vertex(int index, int copy, string word, string lemma, string tag)
{
    public int Index => index;

    public int Copy => copy;

    public string Word => word;

    public string Lemma => lemma;

    public string Tag => tag;

    /// <summary>NN, NNS, NNP or NNPS.</summary>
    public bool IsNoun { get; } = tag is "NN" or "NNS" or "NNP" or "NNPS";

    /// <summary>NNS or NNPS.</summary>
    public bool IsPlural { get; } = tag is "NNS" or "NNPS";

    public bool IsVerb { get; } = tag.StartsWith('V');

    public bool IsAdjective { get; } = tag.StartsWith('J');

    public bool IsRoot { get; set; }

    /// <summary>Edges to dependents, in the order of the sentence.</summary>
    public List<Edge> Out { get; } = [];

    /// <summary>Edges from governors, in the order they came.</summary>
    public List<Edge> In { get; } = [];

    /// <summary>The first dependent with this relation, or null.</summary>
    public Vertex? Child(string relation) => Out.Find(edge => edge.Relation == relation)?.Dependent;

    public bool HasChild(string relation) => Child(relation) is not null;

    public bool IsBefore(Vertex other) => (Index, Copy).CompareTo((other.Index, other.Copy)) < 0;
}

/// <summary>A dependency; <see cref="DependencyGraph"/> keeps both ends' lists.</summary>
internal sealed record Edge(Vertex Head, string Relation, Vertex Dependent);
