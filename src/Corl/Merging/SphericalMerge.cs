using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>Interpolation along great circles, as mergekit computes it: directions from unit vectors, weights of the sum on the vectors themselves.</summary>
internal static class SphericalMerge
{
    /// <summary>
    /// (sin((1 − t)θ) · a + sin(tθ) · b) / sin θ with θ the angle between the tensors taken as vectors; (1 − t) · a + t · b where they
    /// are parallel to within |cos θ| > 0.9995.
    /// </summary>
    public static Tensor Slerp(Tensor a, Tensor b, double t)
    {
        const double Parallel = 0.9995, LeastNorm = 1e-8; // mergekit's
        using var scope = NewDisposeScope();
        var cos = Unit(a).mul(Unit(b)).sum().to(float64).item<double>();
        if (Math.Abs(cos) > Parallel)
        {
            return ((a * (1 - t)) + (b * t)).MoveToOuterDisposeScope();
        }

        var angle = Math.Acos(cos);
        return ((a * (Math.Sin((1 - t) * angle) / Math.Sin(angle))) + (b * (Math.Sin(t * angle) / Math.Sin(angle)))).MoveToOuterDisposeScope();

        static Tensor Unit(Tensor x)
        {
            var norm = x.flatten().norm();
            return norm.to(float64).item<double>() > LeastNorm ? x / norm : x;
        }
    }

    /// <summary>
    /// The same between two tensors of any direction, also for each of their vectors: over the whole tensor, along the last dimension, or
    /// along the first.
    /// </summary>
    /// <param name="a">At t = 0.</param>
    /// <param name="b">At t = 1.</param>
    /// <param name="t">From 0 to 1.</param>
    /// <param name="dimension">What is one vector; null for the whole tensor.</param>
    public static Tensor Along(Tensor a, Tensor b, double t, int? dimension)
    {
        const double LeastSine = 1e-8, LeastNorm = 1e-7; // mergekit's
        using var scope = NewDisposeScope();
        var last = dimension is { } d && a.dim() > 0 ? d : -1;
        var (from, to) = dimension is null || a.dim() == 0 ? (a.flatten(), b.flatten()) : (a.transpose(last, -1), b.transpose(last, -1));
        var angle = (Unit(from) * Unit(to)).sum(-1, keepdim: true).clamp(-1, 1).acos(); // [..., 1]
        var sine = angle.sin();
        var arc = (((angle * (1 - t)).sin() * from) + ((angle * t).sin() * to)) / sine;
        var merged = where(sine.abs() < LeastSine, (from * (1 - t)) + (to * t), arc);
        return (dimension is null || a.dim() == 0 ? merged.view(a.shape) : merged.transpose(last, -1).contiguous()).MoveToOuterDisposeScope();

        static Tensor Unit(Tensor x) => x / x.norm(-1, keepdim: true).clamp_min(LeastNorm);
    }
}
