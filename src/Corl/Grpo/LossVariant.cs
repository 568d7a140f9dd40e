using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>How the token losses of a batch become one number, and for the last three what a token's loss is.</summary>
public enum LossType
{
    /// <summary>Mean over the tokens of a row, then over rows: the paper's.</summary>
    Grpo,

    /// <summary>Mean over the tokens of a micro-batch, which counts by its rows; the only one that depends on how a batch is divided.</summary>
    Bnpo,

    /// <summary>Sum divided by rows × longest allowed completion: no bias towards short or long answers (Dr. GRPO).</summary>
    DrGrpo,

    /// <summary>Mean over the tokens of the whole batch (DAPO).</summary>
    Dapo,

    /// <summary>Sum over the tokens of a row, mean over rows (LUSPO).</summary>
    Luspo,

    /// <summary>As <see cref="Dapo"/>, with capped and detached importance weights on log-probabilities (CISPO).</summary>
    Cispo,

    /// <summary>As <see cref="Grpo"/>, with a sigmoid gate in place of clipping (SAPO).</summary>
    Sapo,

    /// <summary>As <see cref="Dapo"/>, with a detached gamma weight of the row's whole ratio (VESPO).</summary>
    Vespo,
}

/// <summary>Whether every token has an importance ratio of its own or a row has one.</summary>
public enum ImportanceLevel
{
    /// <summary>π_θ / π_θold of the token: the paper's.</summary>
    Token,

    /// <summary>The geometric mean over the row (GSPO).</summary>
    Sequence,
}

/// <summary>Estimators of KL(π_θ ‖ π_ref) from the tokens sampled.</summary>
public enum KlEstimator
{
    /// <summary>exp(d) − d − 1, d = log π_ref − log π_θ: unbiased, never negative; the paper's.</summary>
    K3,

    /// <summary>−d: unbiased, of high variance.</summary>
    K1,

    /// <summary>d² / 2: biased, of low variance.</summary>
    K2,
}

/// <summary>
/// Losses that are not the paper's, with TRL 1.16's arithmetic (checked case by case against it): what <see cref="GrpoLoss"/> does when
/// one of these is given. Left as it is, every switch stands as in the paper.
/// </summary>
public sealed record LossVariant
{
    /// <summary>The kind of loss.</summary>
    public LossType Type { get; init; } = LossType.Grpo;

    /// <summary>Importance ratio per token or per row.</summary>
    public ImportanceLevel Level { get; init; } = ImportanceLevel.Token;

    /// <summary>ε: ratios below 1 − ε are clipped; null clips nothing. TRL's default is 0.2.</summary>
    public double? Clip { get; init; }

    /// <summary>ε_high: ratios above 1 + ε_high are clipped; null means ε. <see cref="LossType.Cispo"/> caps at ε_high itself, so set it there (5).</summary>
    public double? ClipHigh { get; init; }

    /// <summary>δ: an upper bound of the ratio also where the advantage is negative (dual clip); null for none.</summary>
    public double? Delta { get; init; }

    /// <summary>The estimator of the KL term.</summary>
    public KlEstimator Kl { get; init; } = KlEstimator.K3;

    /// <summary>Multiplies the KL term by the ratio, with its gradient: TRL's default, not the paper's.</summary>
    public bool CorrectKlByRatio { get; init; }

    /// <summary>The length that <see cref="LossType.DrGrpo"/> divides by. Table 5's 512.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>τ of <see cref="LossType.Sapo"/> where A &gt; 0. TRL's default.</summary>
    public double SapoTemperaturePositive { get; init; } = 1;

    /// <summary>τ of <see cref="LossType.Sapo"/> elsewhere. TRL's default.</summary>
    public double SapoTemperatureNegative { get; init; } = 1.05;

    /// <summary>(k, λ) of <see cref="LossType.Vespo"/> where A ≥ 0. TRL's default.</summary>
    public (double K, double Lambda) VespoPositive { get; init; } = (2, 3);

    /// <summary>(k, λ) of <see cref="LossType.Vespo"/> where A &lt; 0. TRL's default.</summary>
    public (double K, double Lambda) VespoNegative { get; init; } = (3, 2);

    /// <summary>Rows with A &lt; 0 whose mean log π_θold − log π_θ exceeds this leave the policy term; null keeps all.</summary>
    public double? OffPolicyThreshold { get; init; }

    /// <summary>Share of tokens, those of highest entropy, that the policy term keeps. Needs entropies when below 1.</summary>
    public double TopEntropy { get; init; } = 1;

    /// <summary>Weight of the mean token entropy as a bonus. Needs entropies (with gradient) when not 0.</summary>
    public double EntropyBonus { get; init; }

    private double? High => ClipHigh ?? Clip;

    /// <summary>What a loss, null for the paper's, needs entropies for; they are logged in any case.</summary>
    internal static EntropyUse EntropyOf(LossVariant? variant) => variant is { EntropyBonus: not 0 } ? EntropyUse.Trained : EntropyUse.Logged;

    internal IEnumerable<(bool IsWrong, string Problem)> Problems()
    {
        yield return (!(Clip is null or > 0), $"loss.clip is {Clip}, expected a positive number");
        yield return (!(ClipHigh is null or > 0), $"loss.clip_high is {ClipHigh}, expected a positive number");
        yield return (ClipHigh is not null && Clip is null && Type != LossType.Cispo, "loss.clip_high is set without loss.clip; set both");
        yield return (Type == LossType.Cispo && High is null, "loss.type cispo needs loss.clip_high, the cap of its ratios, for example 5");
        yield return (!(Delta is null or > 0), $"loss.delta is {Delta}, expected a positive number");
        yield return (MaxCompletionLength < 1, $"loss.max_completion_length is {MaxCompletionLength}, expected at least 1 token");
        yield return (!(SapoTemperaturePositive > 0 && SapoTemperatureNegative > 0), "the temperatures of loss.type sapo must be positive");
        yield return (!(TopEntropy is > 0 and <= 1), $"loss.top_entropy is {TopEntropy}, expected a share of the tokens in (0, 1]");
        yield return (!double.IsFinite(EntropyBonus), $"loss.entropy_bonus is {EntropyBonus}, expected a number");
    }

    internal GrpoLoss Compute(CompletionTokens tokens, double beta)
    {
        var ratio = Ratio(tokens);                                                    // [N, L] or [N, 1]
        var policy = PolicyTerm(tokens, ratio) * Kept(tokens);                        // [N, L] or [N, 1]
        var kl = KlTerm(tokens.RefLogp - tokens.Logp);                                // [N, L]
        kl = CorrectKlByRatio ? kl * ratio : kl;
        var total = Mean(tokens, beta == 0 ? policy : policy + (beta * kl));
        if (EntropyBonus != 0)
        {
            total -= EntropyBonus * EntropiesOf(tokens).sum() / tokens.Batch.Tokens;
        }

        return new GrpoLoss(total, Mean(tokens, policy), tokens.MeanOverSequences(kl));
    }

    /// <summary>π_θ / π_θold: [N, L] per token, [N, 1] per row.</summary>
    internal Tensor Ratio(CompletionTokens tokens)
    {
        var logRatio = tokens.Logp - tokens.OldLogp; // [N, L]
        if (Level == ImportanceLevel.Sequence)
        {
            logRatio = logRatio.sum(1, keepdim: true) / tokens.Lengths; // [N, 1]
        }

        return logRatio.exp();
    }

    /// <summary>The ratio under the δ cap.</summary>
    internal Tensor Capped(Tensor ratio) => Delta is { } delta ? ratio.clamp_max(delta) : ratio;

    private Tensor PolicyTerm(CompletionTokens tokens, Tensor ratio) => Type switch
    {
        LossType.Cispo => -(High is { } high ? ratio.clamp_max(high) : ratio).detach() * tokens.Advantage * tokens.Logp,
        LossType.Sapo => -SapoGate(ratio, tokens.Advantage) * tokens.Advantage,
        LossType.Vespo => -VespoWeight(tokens) * tokens.Advantage * tokens.Logp,
        _ => Clip is null ? -Capped(ratio) * tokens.Advantage : Clipped(ratio, tokens.Advantage),
    };

    // −min(min(r, δ) · A, clip(r, 1 − ε, 1 + ε_high) · A)
    private Tensor Clipped(Tensor ratio, Tensor advantage) =>
        -minimum(Capped(ratio) * advantage, ratio.clamp(1 - Clip!.Value, 1 + High!.Value) * advantage);

    // σ(τ (r − 1)) · 4 / τ: slope 1 at r = 1, flat far from it
    private Tensor SapoGate(Tensor ratio, Tensor advantage)
    {
        var temperature = full_like(advantage, SapoTemperatureNegative).masked_fill(advantage.gt(0), SapoTemperaturePositive);
        return (temperature * (ratio - 1)).sigmoid() * 4 / temperature;
    }

    /// <summary>[N, 1] e^λ w^k e^(−λw), 1 at w = 1; w is the product of the row's ratios. The bounds of its logarithms are TRL's.</summary>
    internal Tensor VespoWeight(CompletionTokens tokens)
    {
        var log = (tokens.Logp - tokens.OldLogp).detach().clamp(-20, 20).sum(1, keepdim: true).clamp(Math.Log(1e-8), 20); // [N, 1]
        var isNegative = tokens.Advantage.lt(0);
        var k = full_like(tokens.Advantage, VespoPositive.K).masked_fill(isNegative, VespoNegative.K);
        var lambda = full_like(tokens.Advantage, VespoPositive.Lambda).masked_fill(isNegative, VespoNegative.Lambda);
        return (lambda + (k * log) - (lambda * log.exp())).exp();
    }

    internal Tensor KlTerm(Tensor d) => Kl switch
    {
        KlEstimator.K1 => -d,
        KlEstimator.K2 => d.square() / 2,
        _ => GrpoLoss.K3(d),
    };

    // [N, L], [N, 1] or a scalar: 1 where a token's policy term counts
    private Tensor Kept(CompletionTokens tokens)
    {
        var kept = ones(1, dtype: tokens.Logp.dtype, device: tokens.Logp.device);
        if (OffPolicyThreshold is { } threshold)
        {
            var drift = (tokens.OldLogp - tokens.Logp).detach().sum(1, keepdim: true) / tokens.Lengths; // [N, 1]
            kept *= tokens.Advantage.ge(0).logical_or(drift.le(threshold)).to(kept.dtype);
        }

        if (TopEntropy < 1)
        {
            var entropy = EntropiesOf(tokens).detach();
            var onTokens = entropy.masked_select(tokens.Mask.ne(0));
            kept = onTokens.numel() == 0 ? kept : kept * entropy.ge(onTokens.quantile(tensor(1 - TopEntropy, dtype: entropy.dtype, device: entropy.device))).to(kept.dtype);
        }

        return kept;
    }

    private static Tensor EntropiesOf(CompletionTokens tokens) =>
        tokens.Entropy ?? throw new ArgumentException("This loss variant uses token entropies, but none were given.");

    /// <summary>The token losses x, [N, L] or [N, 1], as one number.</summary>
    private Tensor Mean(CompletionTokens tokens, Tensor x) => Type switch
    {
        LossType.Grpo or LossType.Sapo => tokens.MeanOverSequences(x),
        LossType.Bnpo => (x * tokens.Mask).sum() / tokens.Mask.sum().clamp_min(1) * (x.shape[0] / tokens.Batch.Rows),
        LossType.DrGrpo => (x * tokens.Mask).sum() / (tokens.Batch.Rows * MaxCompletionLength),
        LossType.Luspo => (x * tokens.Mask).sum() / tokens.Batch.Rows,
        _ => (x * tokens.Mask).sum() / Math.Max(tokens.Batch.Tokens, 1),
    };
}
