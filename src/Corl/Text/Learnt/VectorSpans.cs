using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Corl.Text.Learnt;

/// <summary>Arithmetic on spans of whole vectors; the same bits whatever the width of the processor's vectors.</summary>
internal static class VectorSpans
{
    public static Span<Vector512<float>> AsVectors(this Span<float> values) => MemoryMarshal.Cast<float, Vector512<float>>(values);

    public static ReadOnlySpan<Vector512<float>> AsVectors(this ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, Vector512<float>>(values);

    /// <summary>sum += values</summary>
    public static void Add(Span<float> sum, ReadOnlySpan<float> values)
    {
        var to = sum.AsVectors();
        var from = values.AsVectors();
        for (var i = 0; i < to.Length; i++)
        {
            to[i] += from[i];
        }
    }

    /// <summary>values = max(values, slope · values) for a slope below 1</summary>
    public static void Rectify(Span<float> values, float slope)
    {
        foreach (ref var vector in values.AsVectors())
        {
            vector = Vector512.MaxNative(vector, vector * Vector512.Create(slope));
        }
    }

    /// <summary>a · b</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var x = a.AsVectors();
        var y = b.AsVectors();
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < x.Length; i++)
        {
            sum = Vector512.FusedMultiplyAdd(x[i], y[i], sum);
        }

        var half = sum.GetLower() + sum.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        return quarter[0] + quarter[1] + (quarter[2] + quarter[3]);
    }
}
