namespace Corl.Tests;

/// <summary>Comparing numbers with stored ones; for tensors there is <see cref="Tensors.Close"/>.</summary>
internal static class Close
{
    /// <summary>|actual − expected| ≤ absolute + relative · |expected|; NaN equals NaN.</summary>
    public static void To(double expected, double actual, double absolute, double relative = 0, string what = "value") =>
        Assert.True(
            expected.Equals(actual) || Math.Abs(actual - expected) <= absolute + (relative * Math.Abs(expected)),
            $"{what}: expected {expected:R}, came {actual:R}, off by {Math.Abs(actual - expected):G3}");

    /// <summary>The same for lists.</summary>
    public static void To(double[] expected, double[] actual, double absolute, double relative = 0, string what = "list")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            To(expected[i], actual[i], absolute, relative, $"{what}[{i}]");
        }
    }
}
