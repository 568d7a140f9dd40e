using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Given completions under a policy.</summary>
/// <param name="Logps">float32 [N, L] log-probabilities with zeros after a row's end; carries the gradient when gradients are on.</param>
/// <param name="Mask">float32 [N, L], 1 on the tokens.</param>
/// <param name="Entropy">float32 [N, L] entropy of the policy at each token, in nats; null unless asked for.</param>
internal readonly record struct TokenScores(Tensor Logps, Tensor Mask, Tensor? Entropy)
{
    public void Deconstruct(out Tensor logps, out Tensor mask) => (logps, mask) = (Logps, Mask);

    public TokenScores MoveToOuterDisposeScope() => new(Logps.MoveToOuterDisposeScope(), Mask.MoveToOuterDisposeScope(), Entropy?.MoveToOuterDisposeScope());
}

/// <summary>What entropies are for.</summary>
internal enum EntropyUse
{
    /// <summary>None are computed.</summary>
    None,

    /// <summary>The log, and choosing tokens: without gradient.</summary>
    Logged,

    /// <summary>A term of the loss.</summary>
    Trained,
}
