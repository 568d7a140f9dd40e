namespace Corl.Rewards;

/// <summary>One term w · R of a <see cref="RewardSum"/>.</summary>
/// <param name="Reward">R.</param>
/// <param name="Weight">w; 0 logs the reward without letting it count.</param>
public sealed record RewardTerm(IReward Reward, double Weight = 1)
{
    /// <summary>What a score that is not a finite number counts as; such rows are counted in <see cref="RewardColumn.Failed"/>.</summary>
    public float Floor { get; init; }
}
