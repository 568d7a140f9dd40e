using Corl.Checkpoints;
using Corl.Merging;
using static TorchSharp.torch;

namespace Corl.Tests.Merging;

/// <summary>Merges whose result can be derived by hand.</summary>
public sealed class MergeLawTests
{
    private static readonly float[] Zero = [0, 0, 0, 0];

    [Fact]
    public void Gaussian_OneOutlier_IsKeptWholeAndTheRestHalved()
    {
        // σ² = (100 − 10²/4) / 3 = 25 for both, σ = 5, μ = (2.5 + 0) / 2 with λ = 1: the body is (−3.75, 6.25), so 10 and −5 lie outside.
        Assert.Equal([10, 0.5f, -5, 0.5f], Merge(MergeMethod.Gaussian, Zero, [10, 0, 0, 0], [0, 1, -5, 1], ("lambda", 1)), Near);
    }

    [Fact]
    public void Gaussian_NoSpread_AddsTheDeltas()
    {
        Assert.Equal([1.5f, 2.5f], Merge(MergeMethod.Gaussian, [1, 2], [1, 2], [1.5f, 2.5f])); // σ = 0: an untouched expert costs the other nothing
        Assert.Equal([4], Merge(MergeMethod.Gaussian, [1], [2], [3]));                          // one element: 1 + 1 + 2
    }

    [Fact]
    public void Fnorm_TwoExperts_IsTheSumOfDirectionsOverTheSumOfInverseNorms()
    {
        // Norms 5 and 10: (u + v) / (1/5 + 1/10), u = (.6, .8), v = (1, 0).
        Assert.Equal([16 / 3f, 8 / 3f], Merge(MergeMethod.Fnorm, [0, 0], [3, 4], [10, 0]), Near);
        Assert.Equal([3, 4], Merge(MergeMethod.Fnorm, [0, 0], [3, 4], [0, 0]), Near); // an untouched expert has no part in it
    }

    [Fact]
    public void Linear_EqualWeights_IsTheMean() => Assert.Equal([2, 3], Merge(MergeMethod.Linear, null, [1, 2], [3, 4]));

    [Fact]
    public void TaskArithmetic_Lambda_ScalesTheSumOfDeltas() =>
        Assert.Equal([1 + (0.5f * 3), 1 + (0.5f * -1)], Merge(MergeMethod.TaskArithmetic, [1, 1], [2, 1], [3, 0], ("lambda", 0.5)));

    [Fact]
    public void Ties_FourElements_KeepsTheLargestOfTheMajoritysSign()
    {
        // Density ½ keeps (4, −3, ·, ·) and (−1, ·, 2, ·). Sums 3, −3, 2, 0: signs +, −, +, +. So 4 (the −1 loses), −3, 2, nothing.
        Assert.Equal([4, -3, 2, 0], Merge(MergeMethod.Ties, Zero, [4, -3, 1, 0.5f], [-1, 0.1f, 2, -0.2f], ("density", 0.5)));
    }

    [Fact]
    public void Ties_Agreement_IsTheMeanOfThoseThatAgree() =>
        Assert.Equal([3, -2], Merge(MergeMethod.Ties, [0, 0], [2, -2], [4, 1]));

    [Theory]
    [InlineData(MergeMethod.DareLinear, false)]
    [InlineData(MergeMethod.DareLinear, true)]
    [InlineData(MergeMethod.DellaLinear, true)]
    public void Dare_Mean_StaysWhereItWas(object method, bool byDensity)
    {
        var expert = Enumerable.Repeat(1f, 40_000).ToArray();
        var merged = Merge((MergeMethod)method, new float[expert.Length], [expert], ("density", 0.3), ("epsilon", 0.1), ("rescale_by_density", byDensity ? 1 : 0));
        var kept = merged.Count(x => x != 0) / (double)merged.Length;
        Assert.Equal(0.3, kept, 0.01); // 4 standard deviations of the share of 40 000 draws
        Assert.Equal(1, merged.Average(), byDensity ? 0.04 : 1e-4);
        Assert.Equal(merged, Merge((MergeMethod)method, new float[expert.Length], [expert], ("density", 0.3), ("epsilon", 0.1), ("rescale_by_density", byDensity ? 1 : 0)));
    }

    [Fact]
    public void Dare_ExpertsAndTensors_HaveTheirOwnDraws()
    {
        var expert = Enumerable.Repeat(1f, 1000).ToArray();
        var (first, second) = (Merge(MergeMethod.DareLinear, new float[1000], [expert], ("density", 0.5)), Merge(MergeMethod.DareLinear, new float[1000], [new float[1000], expert], ("density", 0.5)));
        Assert.InRange(first.Zip(second).Count(pair => (pair.First == 0) == (pair.Second == 0)), 400, 600); // independent coins agree half the time
    }

    [Fact]
    public void Breadcrumbs_TenElements_DropsTheLargestAndTheSmallest()
    {
        // n = 10, gamma .1 drops one at the top (10), density .5 keeps the next five (9 to 5).
        float[] expert = [1, -2, 3, -4, 5, -6, 7, -8, 9, -10];
        Assert.Equal([0, 0, 0, 0, 5, -6, 7, -8, 9, 0], Merge(MergeMethod.Breadcrumbs, new float[10], [expert], ("density", 0.5), ("gamma", 0.1)));
    }

    [Fact]
    public void Slerp_RightAngle_StaysOnTheCircle()
    {
        var half = MathF.Sqrt(0.5f);
        Assert.Equal([2 * half, 2 * half], Merge(MergeMethod.Slerp, [2, 0], [[0, 2]], ("t", 0.5)), Near);
        Assert.Equal([1.5f, 0], Merge(MergeMethod.Slerp, [1, 0], [[2, 0]], ("t", 0.5)), Near); // parallel: the straight line
        Assert.Equal([half, half], Merge(MergeMethod.Nuslerp, null, [1, 0], [0, 1]), Near);
    }

    [Fact]
    public void ModelStock_RightAngleAndOpposite_IsTheBase()
    {
        Assert.Equal([1, 1], Merge(MergeMethod.ModelStock, [1, 1], [2, 1], [1, 2]), Near);       // c = 0, t = 0
        Assert.Equal([1, 1], Merge(MergeMethod.ModelStock, [1, 1], [2, 1], [0, 1]), Near);       // c = −1, where t has no value
        Assert.Equal([2, 1], Merge(MergeMethod.ModelStock, [1, 1], [2, 1], [2, 1]), Near);       // c = 1, t = 1
    }

    [Fact]
    public void GaussianMoment_IndependentExperts_KeepsTheSpread()
    {
        // Draws of N(0, 1) and N(0, 2²). Within 3σ lie q = .9973 of a normal distribution with v = .9707 of its variance. Bodies have
        // (1 + 4)/2 · v on average and their mean b (1 + 4)/4 · v, so ρ = √2; they count where both are bodies: q · 2.5 · v = 2.420.
        // Outliers stay whole: (1 + 4) · (1 − v) = 0.147. √2.567 = 1.602, where the plain mean has √1.25 = 1.118.
        const int Count = 400_000;
        var rng = CounterRng.Named(0, "test");
        float[] Normal(double scale) => [.. Enumerable.Range(0, Count).Select(_ => (float)(scale * rng.Normal()))];
        var merged = Merge(MergeMethod.GaussianMoment, new float[Count], Normal(1e-3), Normal(2e-3));
        Assert.Equal(1.602e-3, Math.Sqrt(merged.Average(x => (double)x * x)), 0.006e-3); // 3 standard deviations over 400 000 draws
    }

    [Fact]
    public void GaussianMoment_AgreeingOrSingleExperts_ComeBackToTheBit()
    {
        float[] origin = [0.1f, -0.2f, 0.3f, 7], expert = [0.1000001f, -0.25f, 0.3f, 9], other = [0.3f, 1, 2, 3];
        Assert.Equal(expert, Merge(MergeMethod.GaussianMoment, origin, expert, expert));
        Assert.Equal(expert, Merge(MergeMethod.GaussianMoment, origin, expert, origin));
        Assert.Equal(origin, Merge(MergeMethod.GaussianMoment, origin, origin, origin));
        Assert.Equal(Merge(MergeMethod.GaussianMoment, origin, expert, other), Merge(MergeMethod.GaussianMoment, origin, other, expert));
    }

    [Fact]
    public void GaussianMoment_Outliers_AreKeptByTheirOwner()
    {
        // Ten thousand small deltas of ±1 and, far outside: one expert's, two of one sign, two of opposite signs.
        float[] Deltas(params float[] outliers) => [.. Enumerable.Range(0, 10_000).Select(i => i % 2 == 0 ? 1f : -1f), .. outliers];
        var merged = Merge(MergeMethod.GaussianMoment, new float[10_003], Deltas(100, 50, 60), Deltas(0, 80, -20));
        Assert.Equal([100, 80, 20], merged[^3..], Near); // whole; the larger; the mean of 60 and −20
    }

    [Fact]
    public void Setting_FilterAndGradient_FollowNameAndLayer()
    {
        var setting = new MergeSetting([new MergeCase("mlp", [0.5]), new MergeCase(null, [0, 1, 0])]);
        Assert.Equal((0.5, 0.0, 0.5, 1.0, 0.0), (setting.At("layers.1.mlp", 0.7)!.Value, setting.At("a", 0)!.Value, setting.At("a", 0.25)!.Value, setting.At("a", 0.5)!.Value, setting.At("a", 1)!.Value));
        Assert.Null(new MergeSetting([new MergeCase("mlp", [1])]).At("a", 0));
    }

    private static readonly IEqualityComparer<float> Near = EqualityComparer<float>.Create((a, b) => MathF.Abs(a - b) <= 1e-6f * MathF.Max(1, MathF.Abs(a)));

    private static float[] Merge(MergeMethod method, float[]? origin, float[] first, float[] second, params (string Name, double Value)[] parameters) => Merge(method, origin, [first, second], parameters);

    private static float[] Merge(MergeMethod method, float[]? origin, float[][] experts, params (string Name, double Value)[] parameters)
    {
        using var scope = NewDisposeScope();
        MergeSource Source(string name, float[] values) => new(name, new Dictionary<string, TensorInfo> { ["w"] = new("w", ScalarType.Float32, [values.Length]) }, _ => tensor(values));
        string[] names = [.. experts.Select((_, i) => $"expert{i}")];
        var config = MergeConfig.Of(method, origin is null ? null : "base", names, parameters.ToDictionary(p => p.Name, p => MergeSetting.Of(p.Value)));
        MergeSource[] sources = [.. origin is null ? [] : new[] { Source("base", origin) }, .. names.Zip(experts, Source)];
        return new CheckpointMerge(config, sources).Merge("w").data<float>().ToArray();
    }
}
