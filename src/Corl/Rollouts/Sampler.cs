using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Draws one token per row by inverting the distribution function at a given uniform number.</summary>
internal static class Sampler
{
    /// <summary>Draws tokens.</summary>
    /// <param name="logits">[N, V].</param>
    /// <param name="uniforms">float32 [N] in [0, 1).</param>
    /// <param name="config">Temperature, top-k, greedy.</param>
    /// <returns>int64 [N].</returns>
    public static Tensor Draw(Tensor logits, Tensor uniforms, SamplingConfig config)
    {
        using var scope = NewDisposeScope();
        if (config.Greedy)
        {
            return logits.argmax(-1).MoveToOuterDisposeScope();
        }

        var scaled = config.Temperature == 1 ? logits : logits / config.Temperature;
        if (config.TopK > 0 && config.TopK < logits.shape[1])
        {
            var (best, _) = scaled.topk(config.TopK, -1);
            scaled = scaled.masked_fill(scaled.less(best.narrow(-1, config.TopK - 1, 1)), float.NegativeInfinity);
        }

        var reached = scaled.softmax(-1, ScalarType.Float32).cumsum(-1); // [N, V]
        // Relative to the last entry: rounding may leave it a little off 1, and no draw may fall behind it.
        var aim = uniforms.unsqueeze(1) * reached.narrow(1, reached.shape[1] - 1, 1);
        return searchsorted(reached, aim, right: true).squeeze(1).clamp(max: reached.shape[1] - 1).MoveToOuterDisposeScope();
    }

    /// <summary>log softmax(logits / T) at the given tokens, in float32.</summary>
    /// <param name="logits">[…, V].</param>
    /// <param name="ids">int64 […].</param>
    /// <param name="temperature">T.</param>
    /// <returns>float32 […].</returns>
    public static Tensor Logp(Tensor logits, Tensor ids, double temperature)
    {
        using var scope = NewDisposeScope();
        var wide = logits.to_type(ScalarType.Float32);
        if (temperature != 1)
        {
            wide = wide / temperature;
        }

        return (wide.gather(-1, ids.unsqueeze(-1)).squeeze(-1) - wide.logsumexp(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>Entropy of softmax(logits / T), in float32 nats.</summary>
    /// <param name="logits">[…, V].</param>
    /// <param name="temperature">T.</param>
    /// <returns>float32 […].</returns>
    public static Tensor Entropy(Tensor logits, double temperature)
    {
        using var scope = NewDisposeScope();
        var wide = logits.to_type(ScalarType.Float32);
        if (temperature != 1)
        {
            wide = wide / temperature;
        }

        return (wide.logsumexp(-1) - (wide.softmax(-1) * wide).sum(-1)).MoveToOuterDisposeScope();
    }
}
