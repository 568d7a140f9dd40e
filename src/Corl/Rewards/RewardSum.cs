namespace Corl.Rewards;

/// <summary>
/// Eq. (5): R = Σ_k w_k · R_k as data, which also are the sums of the refined stage (§3.3.3). The paper's unified stage is
/// cycle + tim + λ (accuracy + format) with λ = 0.8.
/// </summary>
public sealed class RewardSum
{
    private readonly RewardTerm[] _terms;

    /// <summary>A sum of at least one term; the names of its rewards are distinct.</summary>
    public RewardSum(params IReadOnlyList<RewardTerm> terms)
    {
        if (terms.Count == 0)
        {
            throw new UserException("A reward sum needs at least one reward; none was given.");
        }

        foreach (var group in terms.GroupBy(term => term.Reward.Name))
        {
            if (group.Count() > 1)
            {
                throw new UserException($"Reward names must be distinct, but \"{group.Key}\" appears {group.Count()} times; give them different names.");
            }
        }

        foreach (var term in terms)
        {
            if (!double.IsFinite(term.Weight) || !float.IsFinite(term.Floor))
            {
                throw new UserException($"The weight and the floor of reward \"{term.Reward.Name}\" must be finite numbers; they are {term.Weight} and {term.Floor}.");
            }
        }

        _terms = [.. terms];
    }

    /// <summary>The terms in order.</summary>
    public IReadOnlyList<RewardTerm> Terms => _terms;

    /// <summary>Whether some term of non-zero weight judges <paramref name="modality"/>.</summary>
    public bool Has(Modality modality) => _terms.Any(term => term.Weight != 0 && term.Reward.Judges == modality);

    /// <summary>Scores a batch with every term; a batch without candidates is not shown to the rewards.</summary>
    public RewardTable Score(Candidates candidates)
    {
        var columns = new RewardColumn[_terms.Length];
        for (var k = 0; k < columns.Length; k++)
        {
            columns[k] = candidates.Count == 0 ? new RewardColumn(_terms[k].Reward.Name, _terms[k].Reward.Judges, _terms[k].Weight, []) : Column(_terms[k], candidates);
        }

        return new RewardTable(candidates.Count, columns);
    }

    private static RewardColumn Column(RewardTerm term, Candidates candidates)
    {
        var name = term.Reward.Name;
        var scores = term.Reward.Score(candidates);
        int[] lengths = [scores.Values.Length, .. scores.Parts.Values.Select(part => part.Length), .. scores.Notes.Values.Select(note => note.Length)];
        if (lengths.FirstOrDefault(length => length != candidates.Count, candidates.Count) is var wrong && wrong != candidates.Count)
        {
            throw new UserException($"Reward \"{name}\" returned {wrong} scores, parts or notes for {candidates.Count} candidates; it must return one of each per candidate.");
        }

        var failed = Array.FindAll(scores.Values, value => !IsDefined(value)).Length;
        float?[] values = failed == 0 ? scores.Values : [.. scores.Values.Select(value => IsDefined(value) ? value : term.Floor)];
        var parts = scores.Parts.ToDictionary(part => part.Key, part => Array.ConvertAll(part.Value, value => IsDefined(value) ? value : null));
        return new RewardColumn(name, term.Reward.Judges, term.Weight, values) { Parts = parts, Notes = scores.Notes, Failed = failed };
    }

    private static bool IsDefined(float? value) => value is null || float.IsFinite(value.Value);
}
