using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>A run of numbers in a file. Tensors of one storage share its memory.</summary>
internal sealed class Storage(MappedFile file, ScalarType dtype, long offset, long count) : IDisposable
{
    private Tensor? _copy;

    /// <summary>The type of the numbers.</summary>
    public ScalarType Dtype => dtype;

    /// <summary>How many tensors lie in this storage.</summary>
    public int Tensors { get; set; }

    /// <summary>[count]; belongs to the caller.</summary>
    public Tensor Elements()
    {
        if (MappedFile.IsAligned(dtype, offset) || Tensors < 2)
        {
            return file.Elements(dtype, offset, count);
        }

        _copy ??= file.Elements(dtype, offset, count).DetachFromDisposeScope();
        return _copy.alias();
    }

    /// <inheritdoc/>
    public void Dispose() => _copy?.Dispose();
}

/// <summary>A tensor in a file: a view on a storage, checked to lie inside it.</summary>
/// <param name="Info">What is declared of it.</param>
/// <param name="Storage">Where its numbers are.</param>
/// <param name="Strides">Numbers to skip for the next index, per dimension; null when row-major without gaps.</param>
/// <param name="Offset">Numbers to skip at the start of the storage.</param>
internal sealed record StoredTensor(TensorInfo Info, Storage Storage, long[]? Strides = null, long Offset = 0)
{
    /// <summary>The values, contiguous, on CPU: a view on the file where the layout allows it.</summary>
    public Tensor Read()
    {
        using var scope = NewDisposeScope();
        if (Info.Count == 0)
        {
            return empty(Info.Shape, dtype: Info.Dtype).MoveToOuterDisposeScope();
        }

        var flat = Storage.Elements(); // [storage]
        var tensor = Strides is null ? flat.view(Info.Shape) : flat.as_strided(Info.Shape, Strides, flat.storage_offset() + Offset);
        return tensor.contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>What one file holds.</summary>
internal sealed record FileContent(IReadOnlyList<StoredTensor> Tensors, IReadOnlyDictionary<string, string> Metadata);
