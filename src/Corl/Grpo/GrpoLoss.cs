using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>
/// The batch that one update sees. Given to every micro-batch, it makes their losses add up to the loss of the whole batch, and so
/// their gradients too, however the rows are divided.
/// </summary>
/// <param name="Rows">N of the whole batch.</param>
/// <param name="Tokens">Completion tokens of the whole batch.</param>
public readonly record struct BatchTotals(double Rows, double Tokens);

/// <summary>
/// The scalar to minimise and its two parts for the log. Departures from the paper: none by default; the reference code divides by the
/// length of an empty completion (0 / 0), here such a row counts as 0; other losses are a <see cref="LossVariant"/>.
/// </summary>
/// <param name="Total">Scalar with gradient: <c>Policy</c> + β · <c>Kl</c>.</param>
/// <param name="Policy">Scalar without gradient.</param>
/// <param name="Kl">Scalar without gradient: estimate of KL(π_θ ‖ π_ref), not multiplied by β; 0 without a reference.</param>
public readonly record struct GrpoLoss(Tensor Total, Tensor Policy, Tensor Kl)
{
    /// <summary>
    /// Eq. (2): −(1/N) Σ_i (1/|o_i|) Σ_t [π_θ / π_θold · A_i − β · KL(π_θ ‖ π_ref)]; with β = 0 it is Eq. (6). The objective is negated
    /// to be a loss.
    /// </summary>
    /// <param name="logp">[N, L] log π_θ of the completion's tokens, with gradient; float32 or float64.</param>
    /// <param name="oldLogp">[N, L] log π_θold; null on the first update after sampling, where both are the same.</param>
    /// <param name="refLogp">[N, L] log π_ref; null only with β = 0.</param>
    /// <param name="advantage">[N], one A_i for all tokens of row i, or [N, L].</param>
    /// <param name="mask">[N, L] not 0 on completion tokens; what stands elsewhere in the other tensors does not matter.</param>
    /// <param name="beta">β ≥ 0.</param>
    /// <param name="batch">The whole batch when this call has only a part of it.</param>
    /// <param name="variant">Another loss than the paper's.</param>
    /// <param name="entropy">[N, L] entropy of the policy at each token, for the variants that ask for it.</param>
    public static GrpoLoss Compute(
        Tensor logp,
        Tensor? oldLogp,
        Tensor? refLogp,
        Tensor advantage,
        Tensor mask,
        double beta,
        BatchTotals? batch = null,
        LossVariant? variant = null,
        Tensor? entropy = null)
    {
        using var scope = NewDisposeScope();
        var tokens = CompletionTokens.Of(logp, oldLogp, refLogp, advantage, mask, beta, batch, entropy);
        var loss = variant is null ? Paper(tokens, beta) : variant.Compute(tokens, beta);
        return new GrpoLoss(loss.Total.MoveToOuterDisposeScope(), loss.Policy.detach().MoveToOuterDisposeScope(), loss.Kl.detach().MoveToOuterDisposeScope());
    }

    private static GrpoLoss Paper(CompletionTokens tokens, double beta)
    {
        var ratio = (tokens.Logp - tokens.OldLogp).exp();                                 // [N, L] π_θ / π_θold
        var policy = tokens.MeanOverSequences(-ratio * tokens.Advantage);                 // first term
        var kl = tokens.MeanOverSequences(K3(tokens.RefLogp - tokens.Logp));              // second term
        return new GrpoLoss(policy + (beta * kl), policy, kl);
    }

    /// <summary>Schulman's estimator k3 of KL(π_θ ‖ π_ref), http://joschu.net/blog/kl-approx.html; <paramref name="d"/> = log π_ref − log π_θ.</summary>
    internal static Tensor K3(Tensor d) => d.exp() - d - 1;
}

/// <summary>
/// The loss's input with everything off the mask set to 0 <em>before</em> any exponential, so that no padding can overflow into a NaN.
/// </summary>
internal sealed record CompletionTokens(Tensor Logp, Tensor OldLogp, Tensor RefLogp, Tensor Advantage, Tensor Mask, BatchTotals Batch, Tensor? Entropy)
{
    /// <summary>[N, 1] tokens of each row, at least 1.</summary>
    public Tensor Lengths { get; } = Mask.sum(1, keepdim: true).clamp_min(1);

    public static CompletionTokens Of(
        Tensor logp, Tensor? oldLogp, Tensor? refLogp, Tensor advantage, Tensor mask, double beta, BatchTotals? batch, Tensor? entropy)
    {
        if (refLogp is null && beta != 0)
        {
            throw new ArgumentNullException(nameof(refLogp), $"β is {beta}, so the loss needs the reference policy's log-probabilities.");
        }

        foreach (var (name, other) in new[] { (nameof(oldLogp), oldLogp), (nameof(refLogp), refLogp), (nameof(mask), mask), (nameof(entropy), entropy) })
        {
            if (other is not null && !other.shape.AsSpan().SequenceEqual(logp.shape))
            {
                throw new ArgumentException($"{name} has shape [{string.Join(", ", other.shape)}], expected that of logp, [{string.Join(", ", logp.shape)}].", name);
            }
        }

        var padding = mask.eq(0);
        var clean = logp.masked_fill(padding, 0);
        var onTokens = mask.ne(0).to(logp.dtype);
        return new CompletionTokens(
            clean,
            (oldLogp?.to(logp.dtype).masked_fill(padding, 0) ?? clean).detach(),
            (refLogp?.to(logp.dtype).masked_fill(padding, 0) ?? clean).detach(),
            (advantage.dim() == 1 ? advantage.unsqueeze(1) : advantage).to(logp.dtype),
            onTokens,
            batch ?? new BatchTotals(logp.shape[0], padding.logical_not().sum().item<long>()),
            entropy?.masked_fill(padding, 0));
    }

    /// <summary>(1/N) Σ_i (1/|o_i|) Σ_t x_it over the whole batch's N; x is [N, L], or [N, 1] where all tokens of a row have one value.</summary>
    public Tensor MeanOverSequences(Tensor x) => ((x * Mask).sum(1, keepdim: true) / Lengths).sum() / Batch.Rows;
}
