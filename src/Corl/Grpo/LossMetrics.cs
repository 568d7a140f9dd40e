using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>What is logged about a loss, under TRL's names and with its formulas: means over tokens, not over rows.</summary>
public static class LossMetrics
{
    /// <summary>
    /// "kl" (with a reference), "entropy" (where given), and how many tokens the clipping holds: "clip_ratio/low_mean", "/high_mean",
    /// "/region_mean" over tokens, "/low_min" and "/high_max" over rows that have tokens. For the paper's loss (no variant) only the first two.
    /// </summary>
    /// <param name="logp">[N, L], as in <see cref="GrpoLoss.Compute"/>; give the whole batch of an update, not a micro-batch.</param>
    /// <param name="oldLogp">[N, L] or null.</param>
    /// <param name="refLogp">[N, L] or null.</param>
    /// <param name="advantage">[N] or [N, L].</param>
    /// <param name="mask">[N, L].</param>
    /// <param name="variant">The loss in use.</param>
    /// <param name="entropy">[N, L] or null.</param>
    public static IReadOnlyDictionary<string, double> Of(
        Tensor logp, Tensor? oldLogp, Tensor? refLogp, Tensor advantage, Tensor mask, LossVariant? variant = null, Tensor? entropy = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var tokens = CompletionTokens.Of(logp, oldLogp, refLogp, advantage, mask, 0, null, entropy);
        var metrics = new Dictionary<string, double>();
        if (entropy is not null)
        {
            metrics["entropy"] = MeanOverTokens(tokens.Entropy!, tokens);
        }

        var ratio = (variant ?? new LossVariant()).Ratio(tokens);
        if (refLogp is not null)
        {
            var kl = (variant ?? new LossVariant()).KlTerm(tokens.RefLogp - tokens.Logp);
            metrics["kl"] = MeanOverTokens(variant is { CorrectKlByRatio: true } ? kl * ratio : kl, tokens);
        }

        AddClipping(metrics, tokens, ratio, variant);
        return metrics;
    }

    private static void AddClipping(Dictionary<string, double> metrics, CompletionTokens tokens, Tensor ratio, LossVariant? variant)
    {
        var high = variant?.ClipHigh ?? variant?.Clip;
        switch (variant?.Type)
        {
            case null or LossType.Sapo:
                break;
            case LossType.Cispo when high is { } cap:
                metrics["cispo_clip_ratio"] = MeanOverTokens(ratio.gt(cap).logical_and(tokens.Advantage.gt(0)), tokens);
                break;
            case LossType.Vespo:
                metrics["vespo/phi_seq_mean"] = MeanOverTokens(variant.VespoWeight(tokens), tokens);
                break;
            default:
                if (variant.Clip is { } low)
                {
                    ratio = variant.Capped(ratio); // as TRL counts: with δ below 1 + ε_high no upper clip is ever seen
                    var isLow = ratio.lt(1 - low).logical_and(tokens.Advantage.lt(0));
                    var isHigh = ratio.gt(1 + high!.Value).logical_and(tokens.Advantage.gt(0));
                    metrics["clip_ratio/low_mean"] = MeanOverTokens(isLow, tokens);
                    metrics["clip_ratio/high_mean"] = MeanOverTokens(isHigh, tokens);
                    metrics["clip_ratio/region_mean"] = MeanOverTokens(isLow.logical_or(isHigh), tokens);
                    metrics["clip_ratio/low_min"] = OverRows(isLow, tokens).DefaultIfEmpty(double.NaN).Min();
                    metrics["clip_ratio/high_max"] = OverRows(isHigh, tokens).DefaultIfEmpty(double.NaN).Max();
                }

                break;
        }
    }

    // Where a row has one value for all its tokens, [N, 1], the mean is over rows.
    private static double MeanOverTokens(Tensor x, CompletionTokens tokens)
    {
        var values = x.to(float64);
        return (x.shape[1] != tokens.Mask.shape[1] ? values.mean() : (values * tokens.Mask).sum() / tokens.Mask.sum().clamp_min(1)).to(float64).item<double>();
    }

    // Rows without tokens have no mean, unless a row has one value anyway.
    private static double[] OverRows(Tensor x, CompletionTokens tokens)
    {
        var onTokens = x.shape[1] == tokens.Mask.shape[1] ? tokens.Mask.to(float64) : ones_like(x, dtype: float64);
        var means = (x.to(float64) * onTokens).sum(1) / onTokens.sum(1); // 0 / 0 is NaN
        return [.. means.data<double>().ToArray().Where(double.IsFinite)];
    }
}
