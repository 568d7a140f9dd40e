using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>Scaled dot-product attention, and the rotary embedding of positions.</summary>
internal static class Attention
{
    private const float Blocked = -1e30f; // finite, so that a row without any key stays defined

    /// <summary>softmax(q·kᵀ/√d + mask)·v.</summary>
    /// <param name="q">[B, h, S, d].</param>
    /// <param name="k">[B, h', K, d]; h is a multiple of h'.</param>
    /// <param name="v">[B, h', K, d].</param>
    /// <param name="mask">Broadcast to [B, h, S, K], true where a query may look; null when it may look everywhere.</param>
    /// <returns>[B, S, h·d].</returns>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var groups = q.shape[1] / k.shape[1];
        if (groups > 1)
        {
            (k, v) = (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1));
        }

        // The fused kernel's backward is several times slower than these three steps on a CPU.
        var y = is_grad_enabled() && q.device_type == DeviceType.CPU
            ? Plain(q, k, v, mask)
            : functional.scaled_dot_product_attention(q, k, v, mask);
        return y.transpose(1, 2).flatten(2).MoveToOuterDisposeScope();
    }

    /// <summary>Which keys each query may look at: none later than itself, none that is padding, always itself.</summary>
    /// <param name="queries">S: the last S of the keys ask.</param>
    /// <param name="keys">K.</param>
    /// <param name="real">[B, K], true on real tokens; null without padding.</param>
    /// <param name="device">Where the mask is needed.</param>
    /// <returns>[B or 1, 1, S, K], or null when every query may look at every key.</returns>
    public static Tensor? Causal(long queries, long keys, Tensor? real, Device device)
    {
        if (queries == 1)
        {
            return real?.unsqueeze(1).unsqueeze(1);
        }

        using var scope = NewDisposeScope();
        var past = ones(queries, keys, dtype: ScalarType.Bool, device: device).tril(keys - queries); // [S, K]
        if (real is null)
        {
            return past.unsqueeze(0).unsqueeze(0).MoveToOuterDisposeScope();
        }

        var self = past.logical_xor(ones(queries, keys, dtype: ScalarType.Bool, device: device).tril(keys - queries - 1));
        return past.logical_and(real.unsqueeze(1)).logical_or(self).unsqueeze(1).MoveToOuterDisposeScope();
    }

    private static Tensor Plain(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        var scores = (q * (1 / Math.Sqrt(q.shape[3]))).matmul(k.transpose(2, 3)); // [B, h, S, K]
        if (mask is not null)
        {
            scores = scores.masked_fill(mask.logical_not(), Blocked);
        }

        return scores.softmax(-1, ScalarType.Float32).to_type(v.dtype).matmul(v);
    }
}

/// <summary>
/// Rotary position embedding in the half-rotation form: pairs (j, j + d/2) turn by position · θ^(−2j/d), angles in float32. The
/// tables live outside the module tree, so they are no parameters and are made once per device.
/// </summary>
internal sealed class Rope(int headWidth, double theta) : IDisposable
{
    private Tensor? _frequencies;

    /// <summary>cos and sin of the positions.</summary>
    /// <param name="positions">int64 [B or 1, S].</param>
    /// <param name="dtype">Type of the queries.</param>
    /// <returns>Two of [B or 1, 1, S, d].</returns>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var angle = positions.to_type(ScalarType.Float32).unsqueeze(-1) * Frequencies(positions.device); // [B, S, d/2]
        var both = cat([angle, angle], -1).unsqueeze(1);                                                // [B, 1, S, d]
        return (both.cos().to_type(dtype).MoveToOuterDisposeScope(), both.sin().to_type(dtype).MoveToOuterDisposeScope());
    }

    /// <summary>Turns queries or keys, [B, h, S, d].</summary>
    public static Tensor Rotate(Tensor x, (Tensor Cos, Tensor Sin) at)
    {
        using var scope = NewDisposeScope();
        var halves = x.chunk(2, -1);
        return ((x * at.Cos) + (cat([-halves[1], halves[0]], -1) * at.Sin)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _frequencies?.Dispose();

    private Tensor Frequencies(Device device)
    {
        if (_frequencies is null || _frequencies.device_type != device.type || _frequencies.device_index != device.index)
        {
            _frequencies?.Dispose();
            float[] values = [.. Enumerable.Range(0, headWidth / 2).Select(j => (float)Math.Pow(theta, -2.0 * j / headWidth))];
            _frequencies = tensor(values, device: device).DetachFromDisposeScope();
        }

        return _frequencies;
    }
}
