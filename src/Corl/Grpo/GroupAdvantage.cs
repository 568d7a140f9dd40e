using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>What the distance of a reward from its group's mean is divided by.</summary>
public enum AdvantageScale
{
    /// <summary>The group's standard deviation: Eq. (1).</summary>
    Group,

    /// <summary>The whole batch's standard deviation.</summary>
    Batch,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>
/// How good a candidate is compared with the others of its prompt. The standard deviation is the unbiased one (n − 1), a missing reward
/// (NaN) takes no part and gets advantage 0, and all is computed in double: in single precision eight equal rewards of 0.3 have a mean
/// that is one unit in the last place away, which the small divisor makes an advantage of 3e-4.
/// </summary>
public static class GroupAdvantage
{
    private const double Epsilon = 1e-4; // the paper gives none; this is TRL's, which the reference code inherits

    /// <summary>Eq. (1): A_i = (r_i − mean r) / std r, taken within each group.</summary>
    /// <param name="rewards">[B, G]: one row per prompt, one column per candidate, G ≥ 2; NaN where a candidate has no reward.</param>
    /// <param name="scale">The paper's scale by the group, or another.</param>
    /// <returns>[B, G] float64; a row of equal rewards, or with fewer than two rewards, gives zeros and so moves no weight.</returns>
    public static Tensor Of(Tensor rewards, AdvantageScale scale = AdvantageScale.Group)
    {
        using var scope = NewDisposeScope();
        var r = FromSmallest(rewards); // [B, G]
        var centred = r - Mean(r);     // [B, G]
        var advantage = scale switch
        {
            AdvantageScale.Group => centred / (Std(r) + Epsilon),
            AdvantageScale.Batch => centred / (Std(FromSmallest(rewards.reshape(1, -1))) + Epsilon),
            _ => centred,
        };
        return advantage.nan_to_num(0).MoveToOuterDisposeScope();
    }

    /// <summary>Eq. (1) for rewards as a <see cref="Rewards.RewardTable"/> has them: [N], candidate g of prompt b in row b·G + g.</summary>
    /// <returns>[N] float64.</returns>
    public static Tensor Of(IReadOnlyList<float?> rewards, int groupSize, AdvantageScale scale = AdvantageScale.Group)
    {
        using var scope = NewDisposeScope();
        return Of(Grouped(rewards, groupSize), scale).view(-1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One advantage per reward, added up, then whitened over the batch, so that a reward of small spread counts as much as one of large
    /// spread (TRL's <c>normalize_then_sum</c>; not in the paper).
    /// </summary>
    /// <param name="rewards">K rewards, each [B, G].</param>
    /// <param name="weights">[K].</param>
    /// <returns>[B, G] float64; 0 where a candidate has no reward at all.</returns>
    public static Tensor OfEach(IReadOnlyList<Tensor> rewards, IReadOnlyList<double> weights)
    {
        using var scope = NewDisposeScope();
        var sum = zeros_like(rewards[0], dtype: float64);
        var isJudged = zeros_like(rewards[0], dtype: @bool);
        for (var k = 0; k < rewards.Count; k++)
        {
            sum += Of(rewards[k]) * weights[k];
            isJudged = isJudged.logical_or(rewards[k].isnan().logical_not());
        }

        var whole = sum.masked_fill(isJudged.logical_not(), double.NaN).reshape(1, -1); // [1, N]
        var whitened = (whole - Mean(whole)) / (Std(whole) + Epsilon);
        return whitened.nan_to_num(0).view_as(sum).MoveToOuterDisposeScope();
    }

    /// <summary>Groups whose rewards are all equal: their advantages are zeros and the work spent on them taught nothing.</summary>
    /// <param name="rewards">[B, G], as in <see cref="Of(Tensor, AdvantageScale)"/>.</param>
    public static int CountFlat(Tensor rewards)
    {
        using var scope = NewDisposeScope();
        var r = FromSmallest(rewards);
        return (int)Std(r).eq(0).logical_and(Count(r).gt(1)).sum().item<long>();
    }

    /// <summary>[N] rewards as [B, G] float64 with NaN for null.</summary>
    public static Tensor Grouped(IReadOnlyList<float?> rewards, int groupSize)
    {
        if (groupSize < 2 || rewards.Count % groupSize != 0)
        {
            throw new ArgumentException($"{rewards.Count} rewards do not make groups of {groupSize}; a group has at least 2 candidates.", nameof(groupSize));
        }

        return tensor([.. rewards.Select(r => r ?? double.NaN)], rewards.Count / groupSize, groupSize, dtype: float64);
    }

    // Eq. (1) does not change when all rewards shift. With the smallest one taken off, equal rewards are exactly 0, hence their
    // standard deviation and advantages too, and a large offset costs no digits.
    private static Tensor FromSmallest(Tensor rewards)
    {
        var r = rewards.to(float64);
        return r - r.nan_to_num(double.PositiveInfinity).amin([1], keepdim: true);
    }

    // Of each row, NaN left out: [.., 1]. Without any number 0 / 0, which is NaN. (TorchSharp 0.107 passes nanmean a random dtype.)
    private static Tensor Mean(Tensor r) => r.nan_to_num(0).sum(1, keepdim: true) / Count(r);

    private static Tensor Std(Tensor r) => ((r - Mean(r)).nan_to_num(0).square().sum(1, keepdim: true) / (Count(r) - 1)).sqrt();

    private static Tensor Count(Tensor r) => r.isnan().logical_not().sum(1, keepdim: true);
}
