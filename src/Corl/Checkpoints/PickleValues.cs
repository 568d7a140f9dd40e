using static TorchSharp.torch;

namespace Corl.Checkpoints;

// What a pickle of weights can hold, beside null, bool, long, BigInteger, double, string, List<object?> and, for a tuple, object?[].

/// <summary>The functions that a pickle may call; each one only puts values together.</summary>
internal enum PickleFunction
{
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Size,
}

/// <summary>A storage class of PyTorch: the type of the numbers in a storage. It is named, never called.</summary>
internal sealed record StorageClass(string Name, ScalarType Dtype);

/// <summary>A storage as the pickle declares it.</summary>
/// <param name="Class">The type of its numbers.</param>
/// <param name="Key">Its name in the archive or stream.</param>
/// <param name="Count">How many numbers the stored storage has.</param>
/// <param name="Start">Where the part of it that is meant begins (files before 0.4 cut storages so); else 0.</param>
/// <param name="Length">How many numbers that part has; else all.</param>
internal sealed record PickleStorage(StorageClass Class, string Key, long Count, long Start, long Length);

/// <summary>A tensor as the pickle declares it, not yet compared with its storage.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>A dictionary, in the order of its file. Keys are names or numbers, each one once.</summary>
internal sealed class PickleDict(bool isOrdered)
{
    // Ours: up to here comparing with each key costs less time and memory than a set.
    private const int MaxScanned = 8;

    private List<KeyValuePair<object, object?>>? _items; // made when needed: hooks of tensors are empty dictionaries by the thousand
    private HashSet<object>? _keys;

    /// <summary>Whether it is a collections.OrderedDict, which alone may carry attributes.</summary>
    public bool IsOrdered => isOrdered;

    /// <summary>Its entries.</summary>
    public IReadOnlyList<KeyValuePair<object, object?>> Items => _items ?? [];

    /// <summary>The value of a key, or null.</summary>
    public object? Find(string key) => _items?.Find(item => item.Key is string name && name == key).Value;

    /// <summary>Adds an entry; InvalidDataException when the key is neither text nor a number, or there already.</summary>
    public void Add(object? key, object? value)
    {
        if (key is not (string or long))
        {
            throw new InvalidDataException("a key of a dictionary is neither a string nor an integer");
        }

        _items ??= new(capacity: 1);
        if (_items.Count == MaxScanned)
        {
            _keys = [.. _items.Select(item => item.Key)];
        }

        if (_keys?.Add(key) == false || (_keys is null && _items.Exists(item => item.Key.Equals(key))))
        {
            throw new InvalidDataException($"the key {Quoted.Name($"{key}")} stands twice in a dictionary");
        }

        _items.Add(new(key, value));
    }
}
