using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>The element types that checkpoints may hold here, with their names in safetensors and in PyTorch's pickles.</summary>
internal static class Dtypes
{
    private static readonly (ScalarType Dtype, int Size, string Safetensors, string Storage)[] Table =
    [
        (ScalarType.Float64, 8, "F64", "DoubleStorage"),
        (ScalarType.Int64, 8, "I64", "LongStorage"),
        (ScalarType.Float32, 4, "F32", "FloatStorage"),
        (ScalarType.Int32, 4, "I32", "IntStorage"),
        (ScalarType.Float16, 2, "F16", "HalfStorage"),
        (ScalarType.BFloat16, 2, "BF16", "BFloat16Storage"),
        (ScalarType.Int16, 2, "I16", "ShortStorage"),
        (ScalarType.Int8, 1, "I8", "CharStorage"),
        (ScalarType.Byte, 1, "U8", "ByteStorage"),
        (ScalarType.Bool, 1, "BOOL", "BoolStorage"),
    ];

    /// <summary>Every type with its name in a safetensors header.</summary>
    public static IReadOnlyList<(ScalarType Dtype, string Name)> SafetensorsNames { get; } = [.. Table.Select(row => (row.Dtype, row.Safetensors))];

    /// <summary>PyTorch's storage classes with the type of their elements.</summary>
    public static IEnumerable<(string Storage, ScalarType Dtype)> Storages => Table.Select(row => (row.Storage, row.Dtype));

    /// <summary>Bytes per element.</summary>
    public static int Size(ScalarType dtype) => Row(dtype).Size;

    /// <summary>The name in a safetensors header.</summary>
    public static string SafetensorsName(ScalarType dtype) => Row(dtype).Safetensors;

    private static (ScalarType Dtype, int Size, string Safetensors, string Storage) Row(ScalarType dtype)
    {
        foreach (var row in Table)
        {
            if (row.Dtype == dtype)
            {
                return row;
            }
        }

        throw new UserException($"a checkpoint holds tensors of type {string.Join(", ", Table.Select(row => row.Safetensors))}, not {dtype}; convert the tensor first");
    }
}
