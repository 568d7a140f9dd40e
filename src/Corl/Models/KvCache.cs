using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// Keys and values of the tokens read so far, for every layer, in memory that is allocated once. Which tokens are padding is kept
/// beside them, so that a left-padded prompt and its continuation attend and count positions rightly.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly Tensor[] _keys, _values; // per layer [B, h', capacity, d]
    private Tensor? _real;                    // [B, capacity], true on real tokens; null without padding

    /// <summary>An empty cache.</summary>
    /// <param name="config">The decoder whose keys it holds.</param>
    /// <param name="rows">B.</param>
    /// <param name="capacity">Most tokens per row, prompt and continuation.</param>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Type of the keys.</param>
    /// <param name="padded">True when some prompt tokens will be padding.</param>
    public KvCache(LlamaConfig config, long rows, long capacity, Device device, ScalarType dtype, bool padded)
    {
        Tensor Room() => empty([rows, config.KvHeads, capacity, config.HeadWidth], dtype, device).DetachFromDisposeScope();
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => Room())];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => Room())];
        _real = padded ? ones(rows, capacity, dtype: ScalarType.Bool, device: device).DetachFromDisposeScope() : null;
    }

    private KvCache(Tensor[] keys, Tensor[] values, Tensor? real, long length)
    {
        (_keys, _values, _real, Length) = (keys, values, real, length);
    }

    /// <summary>Tokens per row that are filled.</summary>
    public long Length { get; private set; }

    /// <summary>B.</summary>
    public long Rows => _keys[0].shape[0];

    /// <summary>Marks which of the next tokens are real; call before they are appended.</summary>
    /// <param name="real">[B, S].</param>
    public void MarkReal(Tensor real)
    {
        using var part = (_real ?? throw new InvalidOperationException("the cache was made without padding")).narrow(1, Length, real.shape[1]);
        part.copy_(real);
    }

    /// <summary>[B, Length + <paramref name="next"/>], true on real tokens, or null without padding.</summary>
    public Tensor? Real(long next) => _real?.narrow(1, 0, Length + next);

    /// <summary>Writes one layer's keys and values, [B, h', S, d], after the filled part.</summary>
    /// <returns>All keys and values so far, [B, h', Length + S, d]: views.</returns>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var count = keys.shape[2];
        Write(_keys[layer], keys);
        Write(_values[layer], values);
        return (_keys[layer].narrow(2, 0, Length + count), _values[layer].narrow(2, 0, Length + count));
    }

    /// <summary>Counts the tokens just appended to every layer as filled.</summary>
    public void Advance(long count) => Length += count;

    /// <summary>A cache whose rows are row <paramref name="rows"/>[i] of this one: repeats rows of a group.</summary>
    /// <param name="rows">int64 [B'].</param>
    /// <param name="extra">Room for this many more tokens.</param>
    public KvCache Select(Tensor rows, long extra = 0) => new(
        [.. _keys.Select(x => Selected(x, rows, 2, extra))],
        [.. _values.Select(x => Selected(x, rows, 2, extra))],
        _real is null ? null : Selected(_real, rows, 1, extra),
        Length);

    /// <summary>Keeps the given rows alone, int64 [B'], a layer at a time: never two whole caches in memory.</summary>
    public void Keep(Tensor rows)
    {
        foreach (var layers in new[] { _keys, _values })
        {
            for (var i = 0; i < layers.Length; i++)
            {
                using var all = layers[i];
                layers[i] = Selected(all, rows, 2, 0);
            }
        }

        using var real = _real;
        _real = real is null ? null : Selected(real, rows, 1, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values))
        {
            tensor.Dispose();
        }

        _real?.Dispose();
    }

    // New places along `axis` hold true in the mask; keys and values there are written before they are read.
    private static Tensor Selected(Tensor x, Tensor rows, int axis, long extra)
    {
        using var scope = NewDisposeScope();
        var kept = x.index_select(0, rows);
        if (extra == 0)
        {
            return kept.DetachFromDisposeScope();
        }

        long[] shape = [.. kept.shape];
        shape[axis] += extra;
        var room = x.dtype == ScalarType.Bool ? ones(shape, x.dtype, x.device) : empty(shape, x.dtype, x.device);
        room.narrow(axis, 0, kept.shape[axis]).copy_(kept);
        return room.DetachFromDisposeScope();
    }

    private void Write(Tensor room, Tensor added)
    {
        using var part = room.narrow(2, Length, added.shape[2]);
        part.copy_(added);
    }
}
