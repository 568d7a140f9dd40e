using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// What a captioner remembers while it writes: per layer the keys and values of the image, made once, and those of the words so far, in
/// memory that is allocated once.
/// </summary>
internal sealed class CaptionCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] _image; // per layer [N, h, T, d]
    private readonly (Tensor Keys, Tensor Values)[] _text;  // per layer [N, h, capacity, d]

    /// <summary>A cache without words; it takes over the given tensors.</summary>
    /// <param name="image">Keys and values of the image, per layer [N, h, T, d].</param>
    /// <param name="capacity">Most words.</param>
    public CaptionCache((Tensor Keys, Tensor Values)[] image, long capacity)
    {
        _image = [.. image.Select(memory => (memory.Keys.DetachFromDisposeScope(), memory.Values.DetachFromDisposeScope()))];
        _text = [.. image.Select(memory => (Room(memory.Keys), Room(memory.Keys)))];

        Tensor Room(Tensor like) => empty([like.shape[0], like.shape[1], capacity, like.shape[3]], like.dtype, like.device).DetachFromDisposeScope();
    }

    private CaptionCache((Tensor, Tensor)[] image, (Tensor, Tensor)[] text, long length) => (_image, _text, Length) = (image, text, length);

    /// <summary>Words so far.</summary>
    public long Length { get; private set; }

    /// <summary>Keys and values of the image for one layer.</summary>
    public (Tensor Keys, Tensor Values) Image(int layer) => _image[layer];

    /// <summary>Writes one layer's new keys and values, [N, h, S, d].</summary>
    /// <returns>All so far, [N, h, Length + S, d]: views, in the caller's scope.</returns>
    public (Tensor Keys, Tensor Values) Append(int layer, (Tensor Keys, Tensor Values) added)
    {
        return (Write(_text[layer].Keys, added.Keys), Write(_text[layer].Values, added.Values));

        Tensor Write(Tensor room, Tensor part)
        {
            using var place = room.narrow(2, Length, part.shape[2]);
            place.copy_(part);
            return room.narrow(2, 0, Length + part.shape[2]);
        }
    }

    /// <summary>Counts the words just appended to every layer.</summary>
    public void Advance(long count) => Length += count;

    /// <summary>A cache whose row i is row <paramref name="rows"/>[i] of this one: drops finished rows, or follows beams.</summary>
    /// <param name="rows">int64 [N'].</param>
    public CaptionCache Select(Tensor rows)
    {
        return new CaptionCache(Pick(_image), Pick(_text), Length);

        (Tensor, Tensor)[] Pick((Tensor Keys, Tensor Values)[] memories) =>
            [.. memories.Select(memory => (memory.Keys.index_select(0, rows).DetachFromDisposeScope(), memory.Values.index_select(0, rows).DetachFromDisposeScope()))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (keys, values) in _image.Concat(_text))
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
