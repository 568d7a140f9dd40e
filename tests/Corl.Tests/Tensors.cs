using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Tests;

/// <summary>Comparing tensors with stored ones.</summary>
internal static class Tensors
{
    /// <summary>The largest absolute difference stays within <paramref name="absolute"/> + <paramref name="relative"/>·|expected|; the shapes are equal, and infinities and NaN are where they are expected.</summary>
    public static void Close(Tensor expected, Tensor actual, double absolute, double relative = 0, string? what = null)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected.shape, actual.shape);
        if (expected.numel() == 0)
        {
            return;
        }

        var (e, a) = (expected.detach().to_type(ScalarType.Float64), actual.detach().cpu().to_type(ScalarType.Float64));
        var off = (e - a).abs().masked_fill(e.eq(a).logical_or(e.isnan().logical_and(a.isnan())), 0);
        var excess = (off - (relative * e.abs().nan_to_num(0, 0, 0))).max().item<double>();
        Assert.True(excess <= absolute, $"{what}: off by {off.max().item<double>():g4}, allowed {absolute:g4} + {relative:g4}·|expected|");
    }

    /// <summary>Row i as numbers, without the places where <paramref name="mask"/> is 0.</summary>
    public static int[] Row(Tensor ids, Tensor? mask, long row)
    {
        using var scope = NewDisposeScope();
        var values = ids[row].to_type(ScalarType.Int64).data<long>().ToArray();
        var kept = mask?[row].to_type(ScalarType.Int64).data<long>().ToArray();
        return [.. values.Where((_, i) => kept is null || kept[i] != 0).Select(v => (int)v)];
    }

    /// <summary>All rows as numbers.</summary>
    public static int[][] Rows(Tensor ids, Tensor? mask = null) => [.. Enumerable.Range(0, (int)ids.shape[0]).Select(i => Row(ids, mask, i))];

    /// <summary>Opens a golden file of tensors.</summary>
    public static CheckpointReader Golden(string relative) => CheckpointReader.Open(GoldenFiles.Path(relative));
}
