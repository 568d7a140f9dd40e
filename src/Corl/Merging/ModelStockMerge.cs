using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>
/// Model stock: W = t · mean W_t + (1 − t) · W_0 with t = T c / (1 + (T − 1) c) for T experts, c the mean cosine between their deltas.
/// Opposite deltas (1 + (T − 1) c = 0, NaN in mergekit) give W_0.
/// </summary>
internal static class ModelStockMerge
{
    private const double LeastNorm = 1e-6, LeastDivisor = 1e-6; // mergekit's; ours, a few roundings of float32 above 0

    /// <param name="origin">W_0.</param>
    /// <param name="experts">At least two.</param>
    /// <param name="byRow">One t for each vector of the last dimension instead of one for the tensor.</param>
    public static Tensor Merge(Tensor origin, IReadOnlyList<Tensor> experts, bool byRow)
    {
        using var scope = NewDisposeScope();
        var isRows = byRow && origin.dim() > 0;
        var start = isRows ? origin : origin.flatten();
        Tensor[] weights = [.. experts.Select(expert => isRows ? expert : expert.flatten())];
        Tensor[] deltas = [.. weights.Select(expert => expert - start)];
        var cosines = new List<Tensor>();
        for (var i = 0; i < deltas.Length; i++)
        {
            for (var j = i + 1; j < deltas.Length; j++)
            {
                using var pair = NewDisposeScope();
                var norms = deltas[i].norm(-1, keepdim: true) * deltas[j].norm(-1, keepdim: true);
                cosines.Add(((deltas[i] * deltas[j]).sum(-1, keepdim: true) / norms.clamp_min(LeastNorm)).clamp(-1, 1).MoveToOuterDisposeScope());
            }
        }

        var cos = stack(cosines).mean([0]); // [..., 1]
        var divisor = (cos * (experts.Count - 1)) + 1;
        var t = where(divisor < LeastDivisor, zeros_like(cos), cos * experts.Count / divisor);
        var mean = stack(weights).sum([0]) / experts.Count;
        return ((t * mean) + ((1 - t) * start)).reshape(origin.shape).MoveToOuterDisposeScope();
    }
}
