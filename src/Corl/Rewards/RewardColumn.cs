namespace Corl.Rewards;

/// <summary>One reward's column of a <see cref="RewardTable"/>.</summary>
/// <param name="Name">The reward's name.</param>
/// <param name="Judges">The modality it judges.</param>
/// <param name="Weight">Its weight in the sum.</param>
/// <param name="Values">[N] finite scores, not weighted; null where the reward does not apply.</param>
public sealed record RewardColumn(string Name, Modality Judges, double Weight, float?[] Values)
{
    /// <summary>The terms of the score by their own names, each [N]; see <see cref="Scores.Parts"/>.</summary>
    public IReadOnlyDictionary<string, float?[]> Parts { get; init; } = new Dictionary<string, float?[]>();

    /// <summary>Text kept beside the rows, each [N]; see <see cref="Scores.Notes"/>.</summary>
    public IReadOnlyDictionary<string, string?[]> Notes { get; init; } = new Dictionary<string, string?[]>();

    /// <summary>Rows that got a floor value because they could not be scored.</summary>
    public int Failed { get; init; }
}
