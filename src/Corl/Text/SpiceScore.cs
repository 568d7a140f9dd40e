namespace Corl.Text;

/// <summary>How well a candidate's tuples agree with the reference's.</summary>
/// <param name="Matched">Candidate tuples that the reference has.</param>
/// <param name="Candidate">All candidate tuples.</param>
/// <param name="Reference">All reference tuples.</param>
public readonly record struct SpiceScore(int Matched, int Candidate, int Reference)
{
    /// <summary>Matched over candidate tuples, [0, 1]; 0 where either side has none.</summary>
    public double Precision => IsEmpty ? 0 : (double)Matched / Candidate;

    /// <summary>
    /// Matched over reference tuples; 0 where either side has none. Above 1 when several candidate tuples match one of the reference, as
    /// in "a bicycle and a motorcycle" against "a bike".
    /// </summary>
    public double Recall => IsEmpty ? 0 : (double)Matched / Reference;

    /// <summary>2 P R / (P + R): the SPICE score of the original program, above 1 where <see cref="Recall"/> is.</summary>
    public double F => Matched == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    private bool IsEmpty => Candidate == 0 || Reference == 0;

    /// <summary>Tuples as sets, as the original program matches them: not one to one.</summary>
    internal static SpiceScore OfSets(List<SceneTuple> candidate, List<SceneTuple> reference) =>
        new(candidate.Count(tuple => reference.Exists(tuple.Matches)), candidate.Count, reference.Count);

    /// <summary>
    /// Tuples as multisets, matched one to one in the order they come, so that a surplus object costs precision and a missing one recall.
    /// Attributes (relations) of the candidate count only if the reference states any.
    /// </summary>
    internal static SpiceScore OfMultisets(List<SceneTuple> candidate, List<SceneTuple> reference)
    {
        const int Object = 1; // parts of a tuple that only names an object
        var counted = candidate.FindAll(tuple => tuple.Parts.Length == Object || reference.Exists(other => other.Parts.Length == tuple.Parts.Length));
        var free = reference.ConvertAll(tuple => tuple.Count);
        var matched = 0;
        foreach (var tuple in counted)
        {
            var wanted = tuple.Count;
            for (var i = 0; i < free.Count && wanted > 0; i++)
            {
                var taken = tuple.Matches(reference[i]) ? Math.Min(wanted, free[i]) : 0;
                (wanted, free[i], matched) = (wanted - taken, free[i] - taken, matched + taken);
            }
        }

        return new(matched, counted.Sum(tuple => tuple.Count), reference.Sum(tuple => tuple.Count));
    }
}
