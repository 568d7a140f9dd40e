using Corl.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>
/// Scores tokens from the states before them, a chunk at a time: [tokens, V] is never whole in memory, and with a tape neither is it in
/// the backward pass, which runs each chunk again.
/// </summary>
internal static class TokenHead
{
    // Logits at a time, in float32: 64 MB stay near a CPU's caches; 256 MB, or 655 tokens of Janus-Pro's vocabulary, fill a GPU.
    private const long CpuLogits = 1 << 24, DeviceLogits = 1 << 26;

    /// <summary>Tokens scored at a time.</summary>
    public static long ChunkOf(long vocabulary, bool onCpu) => Math.Max(1, (onCpu ? CpuLogits : DeviceLogits) / vocabulary);

    /// <summary>Scores tokens.</summary>
    /// <param name="head">Logits of states: [T, D] → [T, V].</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="states">[T, D], the state before each token.</param>
    /// <param name="ids">int64 [T].</param>
    /// <param name="temperature">T of the sampling.</param>
    /// <param name="entropy">Whether entropies are wanted too.</param>
    /// <param name="tape">For training; null where no gradient is wanted, or all of the graph may be kept.</param>
    /// <returns>float32 [T] log-probabilities, and float32 [T] entropies or null.</returns>
    public static (Tensor Logps, Tensor? Entropy) Score(
        Func<Tensor, Tensor> head, int vocabulary, Tensor states, Tensor ids, double temperature, EntropyUse entropy, GradientTape? tape = null)
    {
        var chunk = ChunkOf(vocabulary, states.device_type == DeviceType.CPU);
        if (states.shape[0] <= chunk)
        {
            return Chunk(head, states, ids, temperature, entropy);
        }

        if (tape is not null)
        {
            return OnTape(head, chunk, states, tape.Keep(ids.alias()), temperature, entropy, tape);
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

    private static (Tensor Logps, Tensor? Entropy) OnTape(
        Func<Tensor, Tensor> head, long chunk, Tensor states, Tensor ids, double temperature, EntropyUse entropy, GradientTape tape)
    {
        using var scope = NewDisposeScope();
        var (logged, isFirst) = (new List<Tensor>(), true);
        var scored = tape.Run(states, chunk, (some, from) =>
        {
            using var part = NewDisposeScope();
            var wanted = isFirst || entropy == EntropyUse.Trained ? entropy : EntropyUse.None; // what is only logged is computed once
            var (logps, entropies) = Chunk(head, some, ids.narrow(0, from, some.shape[0]), temperature, wanted);
            if (wanted == EntropyUse.Logged)
            {
                logged.Add(entropies!.DetachFromDisposeScope());
            }

            return (entropy == EntropyUse.Trained ? stack([logps, entropies!], 1) : logps).MoveToOuterDisposeScope();
        });
        isFirst = false;
        logged.ForEach(entropies => scope.Attach(entropies));
        return entropy == EntropyUse.Trained
            ? (scored.select(1, 0).MoveToOuterDisposeScope(), scored.select(1, 1).MoveToOuterDisposeScope())
            : (scored.MoveToOuterDisposeScope(), logged.Count == 0 ? null : cat(logged).MoveToOuterDisposeScope());
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
