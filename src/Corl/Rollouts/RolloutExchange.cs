using Corl.Distributed;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Puts together what processes sampled, each its share of the prompts: every one ends with the whole, in the order of the prompts.</summary>
internal static class RolloutExchange
{
    /// <summary>The images of all processes; belongs to the caller's scope.</summary>
    /// <param name="processes">The processes.</param>
    /// <param name="own">What this one sampled; nothing when it has no share.</param>
    /// <param name="device">Where the result goes.</param>
    public static ImageRollout Gather(this IProcessGroup processes, IReadOnlyList<ImageRollout> own, Device device)
    {
        if (processes.Size == 1)
        {
            return new ImageRollout(cat([.. own.Select(p => p.Codes)]), cat([.. own.Select(p => p.Logps)]));
        }

        using var scope = NewDisposeScope();
        var ids = own.SelectMany(part => part.Codes.cpu().data<long>().ToArray().Select(code => (int)code).Chunk((int)part.Codes.shape[1]));
        var logps = own.SelectMany(part => part.Logps.cpu().data<float>().ToArray().Chunk((int)part.Logps.shape[1]));
        var whole = processes.Gather(new TextRollout([.. ids], [.. logps]));
        long[] shape = [whole.Ids.Count, whole.Ids[0].Length];
        return new ImageRollout(
            tensor([.. whole.Ids.SelectMany(row => row).Select(code => (long)code)], shape, device: device).MoveToOuterDisposeScope(),
            tensor([.. whole.Logps.SelectMany(row => row)], shape, device: device).MoveToOuterDisposeScope());
    }

    /// <summary>The answers of all processes.</summary>
    public static TextRollout Gather(this IProcessGroup processes, TextRollout own)
    {
        if (processes.Size == 1)
        {
            return own;
        }

        var (ids, logps) = (new List<int[]>(), new List<float[]>());
        foreach (var bytes in processes.Gather(Pack(own)))
        {
            using var reader = new BinaryReader(new MemoryStream(bytes));
            while (reader.BaseStream.Position < bytes.Length)
            {
                var length = reader.ReadInt32();
                ids.Add([.. Enumerable.Range(0, length).Select(_ => reader.ReadInt32())]);
                logps.Add([.. Enumerable.Range(0, length).Select(_ => reader.ReadSingle())]);
            }
        }

        return new TextRollout(ids, logps);
    }

    // Of each row its length, its tokens, their log-probabilities.
    private static byte[] Pack(TextRollout rollout)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var (ids, logps) in rollout.Ids.Zip(rollout.Logps))
        {
            writer.Write(ids.Length);
            Array.ForEach(ids, writer.Write);
            Array.ForEach(logps, writer.Write);
        }

        return stream.ToArray();
    }
}
