namespace Corl.Shapes;

/// <summary>Whether an image shows what a prompt asks for, by the protocol of GenEval (Ghosh et al. 2023).</summary>
internal static class Verdict
{
    private const double MinOffset = 4; // pixels between centres before one is left of, right of, above or below the other

    /// <summary>
    /// Each wanted object is there at least as often as said (counting: exactly as often), in its colour if one is said; for a relation
    /// some pair of the two lies as said. Surplus objects do not count against the image.
    /// </summary>
    public static bool Passes(PromptMeaning meaning, IReadOnlyList<Detection> found)
    {
        var groups = new List<Detection[]>();
        foreach (var wanted in meaning.Include)
        {
            Detection[] group = [.. found.Where(o => o.Shape == wanted.Shape && (wanted.Color is null || o.Color == wanted.Color))];
            if (group.Length < wanted.Count || (meaning.Kind == PromptKind.Counting && group.Length != wanted.Count))
            {
                return false;
            }

            groups.Add(group);
        }

        return meaning.Relation is not { } relation
            || groups[0].Any(p => groups[1].Any(q => World.Holds(relation, p.CentreX - q.CentreX, p.CentreY - q.CentreY, MinOffset)));
    }

    /// <summary>As <see cref="Passes"/>, and the image holds nothing else, not even a blob without a name.</summary>
    public static bool PassesStrictly(PromptMeaning meaning, IReadOnlyList<Detection> found) =>
        Passes(meaning, found) && found.Count == meaning.Include.Sum(wanted => wanted.Count);
}
