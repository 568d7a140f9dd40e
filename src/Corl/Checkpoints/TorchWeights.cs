using System.Globalization;

namespace Corl.Checkpoints;

/// <summary>
/// Finds the tensors in the value of a PyTorch pickle, whatever dictionaries and lists they are in, and checks that each one lies inside
/// its storage. Nesting, visits and names are bounded: a pickle of 1 kB can describe 2^60 entries by sharing.
/// </summary>
internal sealed class TorchWeights
{
    // Ours. Real checkpoints nest 6 deep (an optimizer's state) and have a few thousand values.
    private const int MaxDepth = 32;
    private const int MaxVisits = 500_000;

    // Ours: what all views of a file together may repeat (an expanded table of positions, say) when they are made contiguous.
    private const long MaxRepeatedBytes = 16 << 20;

    // The wrappers that training programs write around the weights; data parallelism puts "module." before each name.
    private static readonly string[] Wrappers = ["state_dict", "model", "module"];
    private const string ParallelPrefix = "module.";

    private readonly MappedFile _file;
    private readonly Func<PickleStorage, Storage> _resolve;
    private readonly Dictionary<string, StoredTensor> _tensors = [];
    private readonly List<string> _path = [];
    private long _visits, _letters, _repeatedBytes;

    private TorchWeights(MappedFile file, Func<PickleStorage, Storage> resolve)
    {
        _file = file;
        _resolve = resolve;
    }

    /// <summary>The tensors of a value.</summary>
    /// <param name="value">What the pickle gave.</param>
    /// <param name="file">For the declarations.</param>
    /// <param name="resolve">Finds a declared storage in the file; the same object for the same key.</param>
    /// <param name="unwrap">Whether only the model inside a wrapping dictionary is wanted, under its own names.</param>
    public static FileContent Find(object? value, MappedFile file, Func<PickleStorage, Storage> resolve, bool unwrap)
    {
        if (value is not (PickleDict or List<object?> or object?[] or PickleTensor))
        {
            throw new InvalidDataException("it holds a single value that is no tensor: not a checkpoint");
        }

        var weights = new TorchWeights(file, resolve);
        weights.Walk(unwrap ? Unwrapped(value) : value);
        var tensors = weights._tensors.Values;
        if (tensors.Count == 0)
        {
            throw new InvalidDataException("it holds no tensors: not a checkpoint");
        }

        var isParallel = unwrap && tensors.All(tensor => tensor.Info.Name.StartsWith(ParallelPrefix, StringComparison.Ordinal));
        return new FileContent([.. isParallel ? tensors.Select(WithoutPrefix) : tensors], new Dictionary<string, string>());
    }

    private static StoredTensor WithoutPrefix(StoredTensor tensor) => tensor with { Info = tensor.Info with { Name = tensor.Info.Name[ParallelPrefix.Length..] } };

    private static object? Unwrapped(object? value)
    {
        for (var depth = 0; depth < MaxDepth && value is PickleDict dict; depth++)
        {
            var inner = Wrappers.Select(dict.Find).FirstOrDefault(found => found is PickleDict);
            if (inner is null)
            {
                break;
            }

            value = inner;
        }

        return value;
    }

    private void Walk(object? value)
    {
        if (++_visits > MaxVisits)
        {
            throw new InvalidDataException($"unfolded, its nested values are more than {MaxVisits}");
        }

        switch (value)
        {
            case PickleTensor tensor:
                Add(tensor);
                break;
            case PickleDict dict:
                foreach (var (key, item) in dict.Items)
                {
                    Descend(key as string ?? string.Create(CultureInfo.InvariantCulture, $"{key}"), item);
                }

                break;
            case IList<object?> items: // a list or a tuple
                for (var i = 0; i < items.Count; i++)
                {
                    Descend(i.ToString(CultureInfo.InvariantCulture), items[i]);
                }

                break;
            default:
                break; // numbers and texts beside the weights
        }
    }

    private void Descend(string segment, object? value)
    {
        if (_path.Count == MaxDepth)
        {
            throw new InvalidDataException($"below {Quoted.Name(string.Join('/', _path))}: nested more than {MaxDepth} deep, or inside itself");
        }

        _path.Add(segment);
        Walk(value);
        _path.RemoveAt(_path.Count - 1);
    }

    private void Add(PickleTensor tensor)
    {
        _letters += _path.Sum(segment => segment.Length + 1);
        if (_letters > Bounds.TextBytes)
        {
            throw new InvalidDataException($"unfolded, its names have more than {Bounds.TextBytes} letters");
        }

        var name = _path.Count == 0 ? "value" : string.Join('/', _path);
        try
        {
            CheckGeometry(tensor);
            var storage = _resolve(tensor.Storage);
            storage.Tensors++;
            var info = new TensorInfo(name, storage.Dtype, tensor.Shape, _file.Path);
            if (!_tensors.TryAdd(name, new StoredTensor(info, storage, tensor.Strides, tensor.Storage.Start + tensor.Offset)))
            {
                throw new InvalidDataException("the name stands for two tensors");
            }

            Malformed.Unless(_tensors.Count <= Bounds.Tensors, $"more than {Bounds.Tensors} tensors in one file");
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"tensor {Quoted.Name(name)}: {error.Message}", error);
        }
    }

    private void CheckGeometry(PickleTensor tensor)
    {
        var available = tensor.Storage.Length;
        Malformed.Unless(tensor.Shape.Length == tensor.Strides.Length, $"it has {tensor.Shape.Length} sizes but {tensor.Strides.Length} strides");
        Malformed.Unless(tensor.Shape.Length <= Bounds.Dimensions, $"it has more than {Bounds.Dimensions} dimensions");
        Malformed.Unless(tensor.Offset <= available, $"it starts at number {tensor.Offset} of a storage of {available}");
        Int128 count = 1, last = tensor.Offset; // last: the number that the largest indices reach
        foreach (var (size, stride) in tensor.Shape.Zip(tensor.Strides))
        {
            count *= Math.Max(size, 1); // an empty tensor's other sizes count too: libtorch multiplies them into strides
            Malformed.Unless(count <= long.MaxValue, $"its shape [{string.Join(", ", tensor.Shape)}] is larger than any memory");
            last += Int128.Max(size - 1, 0) * stride; // at most 2^126: checked before it can wrap
            Malformed.Unless(last <= long.MaxValue || tensor.Shape.Contains(0), $"its strides [{string.Join(", ", tensor.Strides)}] lead out of its storage of {available} numbers");
        }

        if (tensor.Shape.Contains(0))
        {
            return;
        }

        Malformed.Unless(last < available, $"its last number would be {last} of a storage of {available}: shape [{string.Join(", ", tensor.Shape)}], strides [{string.Join(", ", tensor.Strides)}], offset {tensor.Offset}");
        if (count > last - tensor.Offset + 1)
        {
            Int128 bytes = count * Dtypes.Size(tensor.Storage.Class.Dtype);
            Malformed.Unless(bytes <= MaxRepeatedBytes - _repeatedBytes, $"it repeats the numbers of its storage to {bytes} bytes; all such views of a file may have {MaxRepeatedBytes}");
            _repeatedBytes += (long)bytes;
        }
    }
}
