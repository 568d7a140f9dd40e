using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Scores tokens from the states before them, a chunk at a time: [tokens, V] is never whole in memory.</summary>
internal static class TokenHead
{
    private const long ChunkElements = 1 << 24; // 64 MB of float32 logits

    /// <summary>Scores tokens.</summary>
    /// <param name="head">Logits of states: [T, D] → [T, V].</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="states">[T, D], the state before each token.</param>
    /// <param name="ids">int64 [T].</param>
    /// <param name="temperature">T of the sampling.</param>
    /// <param name="entropy">Whether entropies are wanted too.</param>
    /// <returns>float32 [T] log-probabilities, and float32 [T] entropies or null.</returns>
    public static (Tensor Logps, Tensor? Entropy) Score(Func<Tensor, Tensor> head, int vocabulary, Tensor states, Tensor ids, double temperature, EntropyUse entropy)
    {
        var chunk = Math.Max(1, ChunkElements / vocabulary);
        if (states.shape[0] <= chunk)
        {
            return Chunk(head, states, ids, temperature, entropy);
        }

        using var scope = NewDisposeScope();
        var (logps, entropies) = (new List<Tensor>(), new List<Tensor>());
        for (long from = 0; from < states.shape[0]; from += chunk)
        {
            var count = Math.Min(chunk, states.shape[0] - from);
            var part = Chunk(head, states.narrow(0, from, count), ids.narrow(0, from, count), temperature, entropy);
            logps.Add(part.Logps);
            entropies.AddRange(part.Entropy is { } some ? [some] : []);
        }

        return (cat(logps).MoveToOuterDisposeScope(), entropies.Count == 0 ? null : cat(entropies).MoveToOuterDisposeScope());
    }

    private static (Tensor Logps, Tensor? Entropy) Chunk(Func<Tensor, Tensor> head, Tensor states, Tensor ids, double temperature, EntropyUse entropy)
    {
        using var scope = NewDisposeScope();
        var logits = head(states);
        var logps = Sampler.Logp(logits, ids, temperature);
        Tensor? entropies = null;
        if (entropy == EntropyUse.Trained)
        {
            entropies = Sampler.Entropy(logits, temperature);
        }
        else if (entropy == EntropyUse.Logged)
        {
            using var noGrad = no_grad();
            entropies = Sampler.Entropy(logits.detach(), temperature);
        }

        return (logps.MoveToOuterDisposeScope(), entropies?.MoveToOuterDisposeScope());
    }
}
