namespace Corl.Text.Parsing;

/// <summary>What a clause is in its sentence.</summary>
internal enum ClauseKind
{
    Main,
    Relative,
    Adverbial,
}

/// <summary>A clause while it is read.</summary>
/// <param name="outer">The clause around it.</param>
/// <param name="kind">What it is there.</param>
internal sealed class Clause(Clause? outer, ClauseKind kind)
{
    public Clause? Outer => outer;

    public ClauseKind Kind => kind;

    /// <summary>The word that opens it: "who", "while".</summary>
    public int Marker { get; init; } = PartialTree.None;

    /// <summary>The noun or verb it belongs to.</summary>
    public int Governor { get; init; } = PartialTree.None;

    public int Subject { get; set; } = PartialTree.None;

    /// <summary>Its first verb, or the predicate of "is".</summary>
    public int Verb { get; set; } = PartialTree.None;

    /// <summary>A "be" that waits for its predicate.</summary>
    public int Copula { get; set; } = PartialTree.None;

    /// <summary>The last noun that may turn out to be the subject of a second verb.</summary>
    public int Fresh { get; set; } = PartialTree.None;

    /// <summary>Whether "there" stands before "is".</summary>
    public bool IsExistential { get; set; }
}
