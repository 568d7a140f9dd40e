using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// The weights of a network from a checkpoint whose keys may follow one of several conventions: a table turns each stored name into the
/// key of the module tree, or into null when the network does not need that tensor.
/// </summary>
internal sealed class RenamedWeights : IDisposable
{
    private readonly CheckpointReader _reader;
    private readonly string _path;
    private readonly Dictionary<string, string> _stored = []; // key → stored name
    private readonly HashSet<string> _taken = [];

    /// <summary>Opens a checkpoint (a file or a directory).</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="key">The table; of several stored names with one key the first in name order is read.</param>
    public RenamedWeights(string path, Func<string, string?> key)
    {
        _path = path;
        _reader = CheckpointReader.OpenWeights(path);
        foreach (var name in _reader.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (key(name) is { } wanted)
            {
                _stored.TryAdd(wanted, name);
            }
        }
    }

    /// <summary>Whether the checkpoint has a tensor for a key.</summary>
    public bool Has(string key) => _stored.ContainsKey(key);

    /// <summary>The stored shape of a key, or null when it is absent.</summary>
    public long[]? ShapeOf(string key) => _stored.TryGetValue(key, out var name) ? _reader.Tensors[name].Shape : null;

    /// <summary>The tensor of a key as float32 on the CPU; it belongs to the caller's scope.</summary>
    public Tensor Read(string key)
    {
        if (!_stored.TryGetValue(key, out var name))
        {
            throw new UserException($"{_path}: the tensor \"{key}\" is missing; the checkpoint is incomplete or of another architecture.");
        }

        _taken.Add(key);
        using var scope = NewDisposeScope();
        return _reader.Read(name).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The tensor of a key; where its parts are stored in its place, these one behind the other.</summary>
    /// <param name="key">The key.</param>
    /// <param name="whole">What of the key says that it may be stored in parts.</param>
    /// <param name="parts">What stands there in the keys of the parts.</param>
    public Tensor Read(string key, string whole, IReadOnlyList<string> parts)
    {
        if (Has(key) || !key.Contains(whole, StringComparison.Ordinal))
        {
            return Read(key);
        }

        using var scope = NewDisposeScope();
        return cat([.. parts.Select(part => Read(key.Replace(whole, part, StringComparison.Ordinal)))]).MoveToOuterDisposeScope();
    }

    /// <summary>A source of these weights for a module tree, on a device.</summary>
    public WeightSource On(Device device) => WeightSource.From((key, _) =>
    {
        using var scope = NewDisposeScope();
        return Read(key).to(device).MoveToOuterDisposeScope();
    });

    /// <summary>Refuses a checkpoint that has tensors which no module asked for.</summary>
    public void RefuseLeftovers()
    {
        string[] left = [.. _stored.Keys.Where(key => !_taken.Contains(key)).Order(StringComparer.Ordinal)];
        if (left.Length > 0)
        {
            throw new UserException($"{_path}: {left.Length} tensors are not of this architecture, the first is \"{_stored[left[0]]}\"; the configuration and the weights do not belong together.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();
}
