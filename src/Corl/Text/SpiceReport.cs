namespace Corl.Text;

/// <summary>A tuple as shown: its merged concepts, and whether the other side has it.</summary>
/// <param name="Parts">[object], [object, attribute] or [subject, relation, object].</param>
/// <param name="IsMatched">Whether some tuple of the other side is similar to it.</param>
public sealed record ReportedTuple(string[] Parts, bool IsMatched);

/// <summary>The parts of a score by kind of tuple: counts, and the F-score, NaN where the reference has no such tuple.</summary>
/// <param name="True">Candidate tuples of this kind that the reference has.</param>
/// <param name="False">Candidate tuples of this kind that it has not.</param>
/// <param name="Missed">Reference tuples of this kind less <paramref name="True"/>; negative when several match one.</param>
public readonly record struct SpicePart(int True, int False, int Missed)
{
    /// <summary>F-score of this kind alone.</summary>
    public double F => True + Missed == 0 ? double.NaN : new SpiceScore(True, True + False, True + Missed).F;
}

/// <summary>Both scene graphs with what matched: what <c>corl spice --explain</c> prints. Tuples as sets, whatever the score counts.</summary>
public sealed record SpiceReport
{
    // The original program's filters; they look at the printed concept, so that the merged "gray/grey" is no colour.
    private static readonly HashSet<string> Colours =
    [
        "black", "brown", "blue", "red", "yellow", "pink", "gray", "grey", "green", "dark", "light", "white", "cream", "orange", "purple",
        "maroon", "beige", "violet",
    ];

    private static readonly HashSet<string> Numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

    internal SpiceReport(List<SceneTuple> candidate, List<SceneTuple> reference)
    {
        Candidate = Marked(candidate, reference);
        Reference = Marked(reference, candidate);
        Objects = Part(tuple => tuple.Parts.Length == 1);
        Attributes = Part(tuple => tuple.Parts.Length == 2);
        Relations = Part(tuple => tuple.Parts.Length == 3);
        Colour = Part(tuple => tuple.Parts.Length == 2 && Colours.Contains(tuple.Parts[1]));
        Cardinality = Part(tuple => tuple.Parts.Length == 2 && Numbers.Contains(tuple.Parts[1]));
    }

    /// <summary>The candidate's tuples.</summary>
    public IReadOnlyList<ReportedTuple> Candidate { get; }

    /// <summary>The reference's tuples.</summary>
    public IReadOnlyList<ReportedTuple> Reference { get; }

    /// <summary>Tuples of one part.</summary>
    public SpicePart Objects { get; }

    /// <summary>Tuples of two parts.</summary>
    public SpicePart Attributes { get; }

    /// <summary>Tuples of three parts.</summary>
    public SpicePart Relations { get; }

    /// <summary>Attributes that are colours.</summary>
    public SpicePart Colour { get; }

    /// <summary>Attributes that are numbers from one to ten.</summary>
    public SpicePart Cardinality { get; }

    private static List<ReportedTuple> Marked(List<SceneTuple> tuples, List<SceneTuple> other) =>
        tuples.ConvertAll(tuple => new ReportedTuple([.. tuple.Parts.Select(part => part.ToString())], other.Exists(tuple.Matches)));

    private SpicePart Part(Func<ReportedTuple, bool> isOfKind)
    {
        var candidate = Candidate.Where(isOfKind).ToList();
        var right = candidate.Count(tuple => tuple.IsMatched);
        return new(right, candidate.Count - right, Reference.Count(isOfKind) - right);
    }
}
