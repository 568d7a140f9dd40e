using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Corl.Tests;

/// <summary>
/// The tensors of one golden .safetensors file. Read here, not by the library's own reader, so that a fault of that reader cannot hide
/// behind itself. The tensors belong to the caller's scope.
/// </summary>
internal sealed class GoldenTensors
{
    private readonly byte[] _file;
    private readonly JsonElement _header;
    private readonly int _start;

    public GoldenTensors(string relative)
    {
        _file = File.ReadAllBytes(GoldenFiles.Path(relative));
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_file);
        _header = JsonDocument.Parse(_file.AsMemory(8, length)).RootElement;
        _start = 8 + length;
    }

    public IEnumerable<string> Names => _header.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__");

    public Tensor this[string name] => Find(name) ?? throw new KeyNotFoundException(name);

    public Tensor? Find(string name)
    {
        if (!_header.TryGetProperty(name, out var entry))
        {
            return null;
        }

        var dtype = entry.GetProperty("dtype").GetString() switch
        {
            "F32" => float32,
            "F64" => float64,
            "BF16" => bfloat16,
            "F16" => float16,
            "I64" => int64,
            "I32" => int32,
            "U8" => uint8,
            "BOOL" => @bool,
            var other => throw new NotSupportedException(other),
        };
        long[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64())];
        int[] offsets = [.. entry.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt32())];
        var tensor = empty(shape, dtype: dtype);
        _file.AsSpan((_start + offsets[0])..(_start + offsets[1])).CopyTo(tensor.bytes);
        return tensor;
    }

    /// <summary>A golden JSON file.</summary>
    public static JsonElement Json(string relative) => JsonDocument.Parse(File.ReadAllBytes(GoldenFiles.Path(relative))).RootElement;

    /// <summary>A number of a golden JSON file: null is NaN there, "inf" infinity.</summary>
    public static double Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => double.NaN,
        JsonValueKind.String => element.GetString() == "inf" ? double.PositiveInfinity : double.NegativeInfinity,
        _ => element.GetDouble(),
    };

    /// <summary>The numbers of a golden list.</summary>
    public static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(Number)];
}
