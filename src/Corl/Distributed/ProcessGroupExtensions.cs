using System.Text.Json;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace Corl.Distributed;

/// <summary>What training asks of a process group, by <see cref="IProcessGroup.Gather"/> and <see cref="IProcessGroup.Sum"/> alone.</summary>
internal static class ProcessGroupExtensions
{
    private const int BucketElements = 1 << 24; // ours: 64 MB of float32, long enough that the network's latency does not count
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Whether this process writes files and speaks for all.</summary>
    public static bool IsFirst(this IProcessGroup processes) => processes.Rank == 0;

    /// <summary>The part of <paramref name="count"/> rows that this process works on; the parts differ by one row at most and may be empty.</summary>
    public static (int First, int Count) Share(this IProcessGroup processes, int count)
    {
        var first = (int)((long)count * processes.Rank / processes.Size);
        return (first, (int)((long)count * (processes.Rank + 1) / processes.Size) - first);
    }

    /// <summary>What every process gave, in the order of their numbers.</summary>
    public static IReadOnlyList<T> GatherAs<T>(this IProcessGroup processes, T own) => processes.Size == 1
        ? [own]
        : [.. processes.Gather(JsonSerializer.SerializeToUtf8Bytes(own, Json)).Select(bytes => JsonSerializer.Deserialize<T>(bytes, Json)!)];

    /// <summary>Whether a fact holds in some process.</summary>
    public static bool Any(this IProcessGroup processes, bool own) => processes.Size == 1 ? own : processes.Gather([own ? (byte)1 : (byte)0]).Any(fact => fact[0] == 1);

    /// <summary>Waits until all processes have come here.</summary>
    public static void Meet(this IProcessGroup processes) => processes.Any(false);

    /// <summary>The first process's result, which the others wait for instead of computing it.</summary>
    public static T FromFirst<T>(this IProcessGroup processes, Func<T> compute) => processes.GatherAs(processes.IsFirst() ? compute() : default)[0]!;

    /// <summary>The same work in every process, in the first one before the others: what it prepares on the disk is ready for them.</summary>
    public static T FirstThenOthers<T>(this IProcessGroup processes, Func<T> work)
    {
        var result = processes.IsFirst() ? work() : default;
        processes.Meet();
        return processes.IsFirst() ? result! : work();
    }

    /// <summary>Refuses to go on when a process has something else than the first one.</summary>
    /// <param name="processes">The processes.</param>
    /// <param name="what">What is compared, in words: "recipe".</param>
    /// <param name="own">This process's value, or a fingerprint of it.</param>
    /// <exception cref="UserException">In all processes alike, with the number of the one that differs.</exception>
    public static void CheckSame(this IProcessGroup processes, string what, string own)
    {
        var all = processes.GatherAs(new Claim(own, Environment.MachineName));
        for (var rank = 1; rank < all.Count; rank++)
        {
            if (all[rank].Value != all[0].Value)
            {
                throw new UserException($"process {rank} (on {Quoted.Line(all[rank].Host)}) has another {what} than process 0 (on {Quoted.Line(all[0].Host)}): {Difference(all[0].Value, all[rank].Value)}; start all of them with the same files and options");
            }
        }
    }

    /// <summary>
    /// Replaces gradients by their float32 sums over the processes, through buckets of one flat buffer. A tensor that some process has no
    /// gradient for counts as 0 there; one that no process has a gradient for stays without.
    /// </summary>
    /// <param name="processes">The processes.</param>
    /// <param name="parameters">The same parameters in the same order everywhere.</param>
    /// <param name="bucketElements">Length of the buffer.</param>
    public static void SumGradients(this IProcessGroup processes, IEnumerable<Tensor> parameters, int bucketElements = BucketElements)
    {
        if (processes.Size == 1)
        {
            return;
        }

        using var noGrad = no_grad();
        Tensor[] all = [.. parameters];
        var present = processes.Gather([.. all.Select(parameter => parameter.grad is null ? (byte)0 : (byte)1)]);
        using var scope = NewDisposeScope();
        var flat = new List<Tensor>();
        foreach (var (i, parameter) in all.Index().Where(item => present.Any(rank => rank[item.Index] == 1)))
        {
            if (parameter.grad is not { } grad || !grad.is_contiguous())
            {
                parameter.grad = (parameter.grad?.contiguous() ?? zeros_like(parameter)).DetachFromDisposeScope();
            }

            flat.Add(parameter.grad!.view(-1));
        }

        Sum(processes, flat, bucketElements);
    }

    // Fills the buffer with the tensors one after the other, sums it when it is full, and copies back.
    private static void Sum(IProcessGroup processes, List<Tensor> flat, int bucketElements)
    {
        var size = Math.Min(bucketElements, flat.Sum(tensor => tensor.numel()));
        if (size == 0)
        {
            return;
        }

        var bucket = empty(size, dtype: ScalarType.Float32, device: flat[0].device);
        var held = new List<(Tensor Place, Tensor Part)>();
        var filled = 0L;
        void Flush()
        {
            using var part = bucket.narrow(0, 0, filled);
            processes.Sum(part);
            held.ForEach(pair => pair.Place.copy_(pair.Part));
            held.Clear();
            filled = 0;
        }

        foreach (var tensor in flat)
        {
            for (var done = 0L; done < tensor.numel();)
            {
                var count = Math.Min(tensor.numel() - done, size - filled);
                var (place, part) = (tensor.narrow(0, done, count), bucket.narrow(0, filled, count));
                part.copy_(place);
                held.Add((place, part));
                (done, filled) = (done + count, filled + count);
                if (filled == size)
                {
                    Flush();
                }
            }
        }

        if (filled > 0)
        {
            Flush();
        }
    }

    // The first line that is not the same, for texts; fingerprints are shown whole.
    private static string Difference(string first, string other)
    {
        const int Shown = 60; // characters of a line that tell what it is about
        var (one, two) = (first.Split('\n'), other.Split('\n'));
        var at = Enumerable.Range(0, Math.Min(one.Length, two.Length)).FirstOrDefault(i => one[i] != two[i], -1);
        var (expected, found) = at < 0 ? ($"{one.Length} lines", $"{two.Length} lines") : (one[at], two[at]);
        string Short(string line) => Quoted.Line(line.Length > Shown ? line[..Shown] + "…" : line).Trim();
        return $"'{Short(found)}' instead of '{Short(expected)}'";
    }

    private sealed record Claim(string Value, string Host);
}
