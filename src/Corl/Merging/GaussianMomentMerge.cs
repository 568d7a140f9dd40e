using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>
/// A variant of the Gaussian rule that keeps the spread of the deltas; ours, an experiment. Averaging independent deltas shrinks their
/// standard deviation (two equal experts: by √2), while training is seen to raise it. So the mean of the bodies is scaled to the spread
/// that its parts had, and each outlier is kept whole by the expert it belongs to.
/// </summary>
internal static class GaussianMomentMerge
{
    private const double NormalMad = 1.4826; // σ of a normal distribution over its median absolute deviation

    /// <summary>
    /// Weights λ_t sum to 1 over the experts that changed the tensor. An outlier is |Δ_t| > κ·s_t with s_t the robust spread. Bodies give
    /// ρ·b with b = Σ λ_t Δ_t and ρ = min(√(Σ λ_t mean Δ_t²) / rms b, 1/√Σ λ_t²). Outliers replace it: one expert's as it is; of several
    /// with one sign the largest in units of its s_t; of opposite signs the λ-weighted mean.
    /// </summary>
    /// <param name="origin">W_0.</param>
    /// <param name="experts">W_t with λ_t, not yet normalised; at least 0.</param>
    /// <param name="cut">κ; 3 leaves 0.3 % of a normal distribution outside.</param>
    /// <returns>The merged weights. One expert alone, or several that agree, come back to the bit; so does W_0 when none changed it.</returns>
    public static Tensor Merge(Tensor origin, IReadOnlyList<(Tensor Weights, double Lambda)> experts, double cut)
    {
        using var scope = NewDisposeScope();
        var changed = Distinct(origin, experts);
        if (changed.Count < 2)
        {
            return (changed.Count == 0 ? origin : changed[0].Weights).clone().MoveToOuterDisposeScope();
        }

        var total = changed.Sum(expert => expert.Lambda);
        Expert[] parts = [.. changed.Select(expert => Expert.Of(expert.Weights - origin, expert.Lambda / total, cut))];
        var body = Body(parts);
        var outliers = Outliers(parts);
        var isOutlier = parts.Select(part => part.IsOutlier).Aggregate((a, b) => a.logical_or(b));
        return (origin + where(isOutlier, outliers, body)).MoveToOuterDisposeScope();
    }

    // The experts that changed the tensor and have a say; those that agree are one with the weight of all.
    private static List<(Tensor Weights, double Lambda)> Distinct(Tensor origin, IReadOnlyList<(Tensor Weights, double Lambda)> experts)
    {
        var distinct = new List<(Tensor Weights, double Lambda)>();
        foreach (var (weights, lambda) in experts.Where(expert => expert.Lambda > 0 && !expert.Weights.Equals(origin)))
        {
            var twin = distinct.FindIndex(other => other.Weights.Equals(weights));
            if (twin < 0)
            {
                distinct.Add((weights, lambda));
            }
            else
            {
                distinct[twin] = (weights, distinct[twin].Lambda + lambda);
            }
        }

        return distinct;
    }

    // ρ · b.
    private static Tensor Body(Expert[] parts)
    {
        using var scope = NewDisposeScope();
        var mean = zeros_like(parts[0].Delta);
        var moment = 0.0;
        foreach (var part in parts)
        {
            using var step = NewDisposeScope();
            var delta = part.Delta * part.IsOutlier.logical_not();
            mean.add_(delta * part.Lambda);
            moment += part.Lambda * MeanSquare(delta);
        }

        var rms = Math.Sqrt(MeanSquare(mean));
        var bound = 1 / Math.Sqrt(parts.Sum(part => part.Lambda * part.Lambda)); // reached when the bodies are independent and alike
        return (mean * (rms == 0 ? 1 : Math.Min(Math.Sqrt(moment) / rms, bound))).MoveToOuterDisposeScope();
    }

    private static Tensor Outliers(Expert[] parts)
    {
        using var scope = NewDisposeScope();
        var (largest, size) = (zeros_like(parts[0].Delta), full_like(parts[0].Delta, -1));
        var (sum, weight) = (zeros_like(parts[0].Delta), zeros_like(parts[0].Delta));
        var (isUp, isDown) = (zeros_like(parts[0].IsOutlier), zeros_like(parts[0].IsOutlier));
        foreach (var part in parts)
        {
            using var step = NewDisposeScope();
            var own = part.Delta * part.IsOutlier;
            var relative = own.abs() / part.Spread;
            var isLarger = part.IsOutlier.logical_and(relative > size);
            largest.copy_(where(isLarger, own, largest));
            size.copy_(where(isLarger, relative, size));
            sum.add_(own * part.Lambda);
            weight.add_(part.IsOutlier * part.Lambda);
            isUp.logical_or_(own > 0);
            isDown.logical_or_(own < 0);
        }

        return where(isUp.logical_and(isDown), sum / weight, largest).MoveToOuterDisposeScope();
    }

    private static double MeanSquare(Tensor x)
    {
        using var scope = NewDisposeScope();
        return (x * x).mean().to(float64).item<double>();
    }

    private readonly record struct Expert(Tensor Delta, double Lambda, double Spread, Tensor IsOutlier)
    {
        public static Expert Of(Tensor delta, double lambda, double cut)
        {
            using var scope = NewDisposeScope();
            var moved = delta.masked_select(delta != 0);
            var mad = (moved - moved.median()).abs().median().to(float64).item<double>();
            var spread = mad > 0 ? NormalMad * mad : Math.Sqrt((moved * moved).mean().to(float64).item<double>());
            return new Expert(delta, lambda, spread, (delta.abs() > cut * spread).MoveToOuterDisposeScope());
        }
    }
}
