using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Log-probabilities of text tokens, a chunk of tokens at a time: [tokens, V] is never whole in memory.</summary>
internal static class TextHead
{
    private const long ChunkElements = 1 << 24; // 64 MB of float32 logits

    /// <summary>Scores tokens.</summary>
    /// <param name="model">The policy.</param>
    /// <param name="states">[T, D], the state before each token.</param>
    /// <param name="ids">int64 [T].</param>
    /// <param name="temperature">T of the sampling.</param>
    /// <returns>float32 [T].</returns>
    public static Tensor Logps(JanusPro model, Tensor states, Tensor ids, double temperature)
    {
        var chunk = Math.Max(1, ChunkElements / model.Config.Language.VocabularySize);
        if (states.shape[0] <= chunk)
        {
            return Chunk(model, states, ids, temperature);
        }

        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (long from = 0; from < states.shape[0]; from += chunk)
        {
            var count = Math.Min(chunk, states.shape[0] - from);
            parts.Add(Chunk(model, states.narrow(0, from, count), ids.narrow(0, from, count), temperature));
        }

        return cat(parts).MoveToOuterDisposeScope();
    }

    private static Tensor Chunk(JanusPro model, Tensor states, Tensor ids, double temperature)
    {
        using var scope = NewDisposeScope();
        return Sampler.Logp(model.TextLogits(states), ids, temperature).MoveToOuterDisposeScope();
    }
}
