using static TorchSharp.torch;

namespace Corl.Tests;

/// <summary>Comparison of numbers and tensors with expected ones.</summary>
internal static class Close
{
    /// <summary>|actual − expected| ≤ absolute + relative · |expected|; NaN equals NaN.</summary>
    public static void To(double expected, double actual, double absolute, double relative = 0, string what = "value") =>
        Assert.True(
            expected.Equals(actual) || Math.Abs(actual - expected) <= absolute + (relative * Math.Abs(expected)),
            $"{what}: expected {expected:R}, came {actual:R}, off by {Math.Abs(actual - expected):G3}");

    /// <summary>The same for every element, shapes being equal.</summary>
    public static void To(Tensor expected, Tensor actual, double absolute, double relative = 0, string what = "tensor")
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Assert.Equal(expected.shape, actual.shape);
        var (e, a) = (expected.to(float64), actual.to(float64));
        var excess = (a - e).abs() - absolute - (relative * e.abs());
        var isOff = excess.le(0).logical_or(e.eq(a)).logical_or(e.isnan().logical_and(a.isnan())).logical_not();
        Assert.True(
            !isOff.any().item<bool>(),
            $"{what}: {isOff.sum().item<long>()} of {isOff.numel()} elements are off, by up to {(a - e).abs().nan_to_num(double.PositiveInfinity).max().item<double>():G3}");
    }

    /// <summary>The same for lists of numbers.</summary>
    public static void To(double[] expected, double[] actual, double absolute, double relative = 0, string what = "list")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            To(expected[i], actual[i], absolute, relative, $"{what}[{i}]");
        }
    }
}
