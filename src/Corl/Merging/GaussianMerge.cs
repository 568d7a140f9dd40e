using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>
/// The rules of the reference code. Both take the deltas Δ_t = W_t − W_0 of a tensor, all its elements together, and give the merged Δ.
/// Departures: any number of experts, and values where the reference has none (see each method).
/// </summary>
internal static class GaussianMerge
{
    /// <summary>
    /// Δ = o · Σ Δ_t · out_t + b · Σ Δ_t · in_t with in_t = μ − λσ &lt; Δ_t &lt; μ + λσ and out_t the rest; μ is the mean of the experts'
    /// means, σ the smallest of their unbiased standard deviations. Where σ is 0 or undefined (an untouched or one-element tensor), every
    /// element is an outlier, and the result is Σ Δ_t.
    /// </summary>
    /// <param name="deltas">One for each expert, of any shape.</param>
    /// <param name="lambda">λ: standard deviations to the edge of the body; the reference has 2.</param>
    /// <param name="body">b; the reference has ½ for its two experts.</param>
    /// <param name="outlier">o; the reference has 1.</param>
    public static Tensor Merge(IReadOnlyList<Tensor> deltas, double lambda, double body, double outlier)
    {
        using var scope = NewDisposeScope();
        var (inside, outside) = (zeros_like(deltas[0]), zeros_like(deltas[0]));
        var (low, high) = Edges(deltas, lambda);
        foreach (var delta in deltas)
        {
            using var expert = NewDisposeScope();
            var isIn = (delta > low).logical_and(delta < high);
            inside.add_(delta * isIn);
            outside.add_(delta * isIn.logical_not()); // a product, not a choice: what is infinite must not pass as a number
        }

        return ((outside * outlier) + (inside * body)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Δ = (Σ Δ_t / ‖Δ_t‖) / (Σ 1 / ‖Δ_t‖). The norm is that of all elements (the reference refuses more than two dimensions); an expert
    /// that did not change the tensor has no part in it (the reference divides by 0).
    /// </summary>
    public static Tensor ByNorm(IReadOnlyList<Tensor> deltas)
    {
        using var scope = NewDisposeScope();
        var sum = zeros_like(deltas[0]);
        var inverse = zeros(1, dtype: deltas[0].dtype, device: deltas[0].device);
        foreach (var delta in deltas)
        {
            using var expert = NewDisposeScope();
            var norm = delta.flatten().norm();
            if (norm.to(float64).item<double>() != 0)
            {
                sum.add_(delta / norm);
                inverse.add_(norm.reciprocal());
            }
        }

        return (inverse.to(float64).item<double>() == 0 ? sum : sum / inverse).view(deltas[0].shape).MoveToOuterDisposeScope();
    }

    private static (Tensor Low, Tensor High) Edges(IReadOnlyList<Tensor> deltas, double lambda)
    {
        using var scope = NewDisposeScope();
        Tensor[] spreads = [.. deltas.Select(delta => delta.numel() > 1 ? delta.std() : full_like(delta, double.NaN).sum())];
        var mean = stack(deltas.Select(delta => delta.mean())).sum() / deltas.Count;
        var sigma = spreads.Aggregate((least, next) => (next < least).item<bool>() ? next : least); // as Python's min: NaN is never less
        var reach = sigma * lambda;
        return ((mean - reach).MoveToOuterDisposeScope(), (mean + reach).MoveToOuterDisposeScope());
    }
}
