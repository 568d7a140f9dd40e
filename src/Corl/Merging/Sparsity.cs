using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>Which elements of a delta are kept. Masks are 0 or 1, in the type of the delta.</summary>
internal static class Sparsity
{
    private const double LeastNorm = 1e-7; // mergekit's: below it nothing is rescaled

    /// <summary>The int(density · n) largest of n elements, at least one.</summary>
    public static Tensor Largest(Tensor delta, double density) => Ranked(delta, descending: true, 0, Math.Max(1, (long)(density * delta.numel())));

    /// <summary>
    /// The int(density · n) largest after the int(gamma · n) largest, with fewer of these left out when not enough would remain. Where
    /// gamma · n is below 1, mergekit drops the whole delta; <paramref name="small"/> leaves out none instead.
    /// </summary>
    public static Tensor Middle(Tensor delta, double density, double gamma, bool small)
    {
        var count = delta.numel();
        var kept = (long)(density * count);
        var top = Math.Min((long)(gamma * count), count - kept);
        return top == 0 && !small ? zeros_like(delta) : Ranked(delta, descending: false, count - kept - top, kept);
    }

    /// <summary>
    /// The probability that DELLA keeps each element: density ± epsilon, rising with the rank of its size along the second dimension (a
    /// vector is one row). A row of one element has the density itself.
    /// </summary>
    public static Tensor KeepProbabilities(Tensor delta, double density, double epsilon)
    {
        if (density - epsilon <= 0 || density + epsilon >= 1)
        {
            throw new UserException($"density {density} ± epsilon {epsilon} leaves (0, 1), where probabilities are; choose a smaller epsilon");
        }

        using var scope = NewDisposeScope();
        var rows = delta.dim() < 2 ? delta.reshape(1, -1) : delta;
        var last = Math.Max(1, rows.shape[1] - 1);
        var rank = rows.abs().argsort(1).argsort(1).to(float32); // 0 for the smallest
        var share = rows.shape[1] == 1 ? full_like(rank, 0.5) : rank / last;
        return ((share * (2 * epsilon)) + (density - epsilon)).reshape(delta.shape).MoveToOuterDisposeScope();
    }

    /// <summary>The kept elements, scaled so that the sum of absolute values is that of the whole delta.</summary>
    public static Tensor KeepSum(Tensor delta, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var kept = delta * mask;
        var (before, after) = (delta.abs().sum(), kept.abs().sum());
        var isTiny = Math.Min(before.to(float64).item<double>(), after.to(float64).item<double>()) < LeastNorm;
        return (isTiny ? kept : kept * (before / after)).MoveToOuterDisposeScope();
    }

    // Keeps those of a range of ranks by size; equal ones in their order, as torch sorts them.
    private static Tensor Ranked(Tensor delta, bool descending, long first, long kept)
    {
        using var scope = NewDisposeScope();
        var order = delta.abs().flatten().to(float32).argsort(0, descending);
        var mask = zeros_like(order, dtype: delta.dtype);
        mask.index_fill_(0, order.narrow(0, first, kept), 1);
        return mask.view(delta.shape).MoveToOuterDisposeScope();
    }
}
