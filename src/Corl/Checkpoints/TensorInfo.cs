using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>A tensor as a checkpoint declares it; its values are read only by <see cref="CheckpointReader.Read"/>.</summary>
/// <param name="Name">Its key. Keys of nested dictionaries are joined by "/", items of lists stand by index.</param>
/// <param name="Dtype">The stored type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="File">The file that holds it; not used when writing.</param>
public sealed record TensorInfo(string Name, ScalarType Dtype, long[] Shape, string File = "")
{
    /// <summary>Number of elements; 1 for a scalar.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Number of bytes when stored without gaps.</summary>
    public long Bytes => Count * Dtypes.Size(Dtype);
}
