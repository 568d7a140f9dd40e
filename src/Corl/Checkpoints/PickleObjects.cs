using System.Collections.Frozen;
using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>
/// What the pickles of PyTorch's weights refer to by name: the complete list of what may be named, and what calling it gives.
/// Anything else is refused by its name. One object serves all pickles of a file, so that a storage keeps one type and one length.
/// </summary>
internal sealed class PickleObjects
{
    // torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])
    private const int RebuildTensorArguments = 6;

    private static readonly FrozenDictionary<string, object> Globals = new Dictionary<string, object>
    {
        ["collections.OrderedDict"] = PickleFunction.OrderedDict,
        ["torch._utils._rebuild_tensor_v2"] = PickleFunction.RebuildTensor,
        ["torch._utils._rebuild_parameter"] = PickleFunction.RebuildParameter,
        ["torch.Size"] = PickleFunction.Size,
        ["torch.storage.UntypedStorage"] = new StorageClass("UntypedStorage", ScalarType.Byte),
    }.Concat(Dtypes.Storages.Select(row => KeyValuePair.Create<string, object>("torch." + row.Storage, new StorageClass(row.Storage, row.Dtype)))).ToFrozenDictionary();

    private readonly Dictionary<string, PickleStorage> _storages = [];

    /// <summary>The function or class of a name.</summary>
    public static object Global(string module, string name)
        => Globals.GetValueOrDefault($"{module}.{name}")
            ?? throw new InvalidDataException($"it asks for {Quoted.Name($"{module}.{name}")}, which weights do not need and could run code; nothing of it was run; ask for a file of weights only, best as safetensors");

    /// <summary>The storage of a persistent id: ("storage", class, key, location, count[, view]).</summary>
    public PickleStorage Storage(object? id)
    {
        if (id is not object?[] and not null)
        {
            throw new InvalidDataException("a persistent id is not a tuple");
        }

        if (id is not object?[] { Length: 5 or 6 } parts || parts[0] is not "storage")
        {
            throw new InvalidDataException("a persistent id does not describe a storage");
        }

        var type = parts[1] as StorageClass ?? throw new InvalidDataException("the class of a storage is unknown");
        var key = parts[2] as string ?? throw new InvalidDataException("the key of a storage is not a string");
        if (key.Length == 0 || key.AsSpan().IndexOfAny('/', '\\', '\0') >= 0 || key is "." or "..")
        {
            throw new InvalidDataException($"the key of a storage, {Quoted.Name(key)}, is not a bare name");
        }

        if (parts[3] is not string)
        {
            throw new InvalidDataException($"storage {Quoted.Name(key)}: its location is not a string");
        }

        var count = NotNegative(parts[4], $"storage {Quoted.Name(key)}: its length");
        if (count > long.MaxValue / Dtypes.Size(type.Dtype))
        {
            throw new InvalidDataException($"storage {Quoted.Name(key)}: its length {count} is larger than any file");
        }

        return Part(Whole(new PickleStorage(type, key, count, 0, count)), parts.Length == 6 ? parts[5] : null);
    }

    /// <summary>The whole storage that was declared under a key, or null.</summary>
    public PickleStorage? Declared(string key) => _storages.GetValueOrDefault(key);

    /// <summary>What calling a function gives.</summary>
    public static object Call(object? function, object? arguments)
    {
        var list = arguments as object?[] ?? throw new InvalidDataException("the arguments of a call are not a tuple");
        return function switch
        {
            PickleFunction.OrderedDict => OrderedDict(list),
            PickleFunction.RebuildTensor => RebuildTensor(list),
            PickleFunction.RebuildParameter => list is [PickleTensor tensor, bool, PickleDict] ? tensor : throw new InvalidDataException("_rebuild_parameter has wrong arguments"),
            PickleFunction.Size => list is [object?[] sizes] ? sizes : throw new InvalidDataException("torch.Size has wrong arguments"),
            StorageClass storage => throw new InvalidDataException($"it calls {storage.Name} as a function"),
            _ => throw new InvalidDataException("it calls something that is not a function"),
        };
    }

    private static PickleDict OrderedDict(object?[] arguments)
    {
        var dict = new PickleDict(isOrdered: true);
        if (arguments is [List<object?> pairs]) // as Python 2 wrote them
        {
            foreach (var pair in pairs)
            {
                var (key, value) = pair is List<object?> { Count: 2 } items ? (items[0], items[1]) : throw new InvalidDataException("an OrderedDict is not made of pairs");
                dict.Add(key, value);
            }

            return dict;
        }

        return arguments.Length == 0 ? dict : throw new InvalidDataException("OrderedDict has wrong arguments");
    }

    private static PickleTensor RebuildTensor(object?[] arguments)
    {
        if (arguments.Length is not (RebuildTensorArguments or RebuildTensorArguments + 1))
        {
            throw new InvalidDataException($"_rebuild_tensor_v2 has {arguments.Length} arguments instead of {RebuildTensorArguments} or {RebuildTensorArguments + 1}");
        }

        var storage = arguments[0] as PickleStorage ?? throw new InvalidDataException("the storage of a tensor is not a storage");
        return new PickleTensor(storage, NotNegative(arguments[1], "the offset of a tensor"), Integers(arguments[2], "size"), Integers(arguments[3], "stride"));
    }

    private PickleStorage Whole(PickleStorage storage)
    {
        if (_storages.TryGetValue(storage.Key, out var known) && known != storage)
        {
            throw new InvalidDataException($"storage {Quoted.Name(storage.Key)} is declared twice: {known.Class.Name} of {known.Count} and {storage.Class.Name} of {storage.Count}");
        }

        _storages[storage.Key] = storage;
        return storage;
    }

    private static PickleStorage Part(PickleStorage whole, object? view)
    {
        if (view is null)
        {
            return whole;
        }

        var part = view as object?[];
        if (part is not [string, _, _])
        {
            throw new InvalidDataException($"storage {Quoted.Name(whole.Key)}: its view is not (key, offset, size)");
        }

        var start = NotNegative(part[1], "the offset of a view");
        var length = NotNegative(part[2], "the size of a view");
        return start <= whole.Count && length <= whole.Count - start
            ? whole with { Start = start, Length = length }
            : throw new InvalidDataException($"storage {Quoted.Name(whole.Key)}: its view from {start} of {length} leaves its {whole.Count} numbers");
    }

    private static long[] Integers(object? value, string what)
    {
        var items = value as object?[] ?? throw new InvalidDataException($"the {what} of a tensor is not a tuple");
        return Array.ConvertAll(items, item => NotNegative(item, $"the {what} of a tensor"));
    }

    private static long NotNegative(object? value, string what)
        => value is long and >= 0 ? (long)value : throw new InvalidDataException($"{what} is {(value is long ? $"negative ({value})" : "not an integer of 64 bits")}");
}
