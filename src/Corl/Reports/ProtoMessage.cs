using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Corl.Reports;

/// <summary>Writes the protocol buffer encoding (protobuf.dev/programming-guides/encoding): fields in the order of the calls.</summary>
internal sealed class ProtoMessage
{
    private const int Varint = 0, Fixed64 = 1, LengthPrefixed = 2, Fixed32 = 5; // wire types
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ProtoMessage Integer(int field, long value)
    {
        Key(field, Varint);
        Number((ulong)value);
        return this;
    }

    public ProtoMessage Double(int field, double value)
    {
        Key(field, Fixed64);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public ProtoMessage Float(int field, float value)
    {
        Key(field, Fixed32);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public ProtoMessage Bytes(int field, ReadOnlySpan<byte> value)
    {
        Key(field, LengthPrefixed);
        Number((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    public ProtoMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtoMessage Message(int field, ProtoMessage value) => Bytes(field, value._bytes.WrittenSpan);

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Key(int field, int wireType) => Number((ulong)((field << 3) | wireType));

    private void Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10]; // 64 bits in groups of seven
        var length = 0;
        for (; value > 127; value >>= 7)
        {
            bytes[length++] = (byte)(value | 128);
        }

        bytes[length++] = (byte)value;
        _bytes.Write(bytes[..length]);
    }
}
