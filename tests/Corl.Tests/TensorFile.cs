using System.Buffers.Binary;
using System.Text.Json;

namespace Corl.Tests;

/// <summary>Raw bytes out of a golden safetensors file, read without the code under test.</summary>
internal sealed class TensorFile
{
    private readonly byte[] _bytes;
    private readonly JsonElement _header;

    private TensorFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        _header = JsonElement.Parse(_bytes.AsSpan(8, Length));
    }

    private int Length => (int)BinaryPrimitives.ReadUInt64LittleEndian(_bytes);

    public static TensorFile Open(string path) => new(path);

    public IEnumerable<string> Names => _header.EnumerateObject().Select(p => p.Name).Where(name => name != "__metadata__");

    public byte[] Bytes(string name)
    {
        var range = _header.GetProperty(name).GetProperty("data_offsets");
        return _bytes[(8 + Length + range[0].GetInt32())..(8 + Length + range[1].GetInt32())];
    }

    public float[] Floats(string name)
    {
        var bytes = Bytes(name);
        var values = new float[bytes.Length / sizeof(float)];
        Buffer.BlockCopy(bytes, 0, values, 0, bytes.Length);
        return values;
    }
}
