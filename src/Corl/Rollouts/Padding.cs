using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Rows of different length as one tensor.</summary>
internal static class Padding
{
    /// <summary>Pads on the left, for sampling: all rows end together.</summary>
    /// <returns>int64 [B, S], and bool [B, S] that is true on real tokens or null when no row needs padding.</returns>
    public static (Tensor Ids, Tensor? Real) Left(IReadOnlyList<int[]> rows, int pad, Device device)
    {
        var length = rows.Max(row => row.Length);
        var (ids, real) = (new long[rows.Count * length], new bool[rows.Count * length]);
        Array.Fill(ids, pad);
        for (var b = 0; b < rows.Count; b++)
        {
            var start = ((b + 1) * length) - rows[b].Length;
            for (var t = 0; t < rows[b].Length; t++)
            {
                (ids[start + t], real[start + t]) = (rows[b][t], true);
            }
        }

        return (tensor(ids, [rows.Count, length], device: device), rows.All(row => row.Length == length) ? null : tensor(real, [rows.Count, length], device: device));
    }

    /// <summary>Pads on the right, for scoring: causality hides the padding, so no mask is needed.</summary>
    /// <returns>int64 [B, S].</returns>
    public static Tensor Right(IReadOnlyList<int[]> rows, int pad, Device device)
    {
        var length = rows.Max(row => row.Length);
        var ids = new long[rows.Count * length];
        Array.Fill(ids, pad);
        for (var b = 0; b < rows.Count; b++)
        {
            for (var t = 0; t < rows[b].Length; t++)
            {
                ids[(b * length) + t] = rows[b][t];
            }
        }

        return tensor(ids, [rows.Count, length], device: device);
    }
}
