using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Corl.Tests.Reports;

/// <summary>What a reader finds in a TensorBoard event file, one entry per value.</summary>
internal sealed record ReadEvent(long Step, double WallTime, string Tag, string Kind)
{
    public float Value { get; init; }

    public string? Text { get; init; }

    public (long Width, long Height, string Sha256) Image { get; init; }
}

/// <summary>
/// A reader of event files written from the formats' definitions (record_writer.h, event.proto, summary.proto), sharing nothing with the
/// writer under test: its checksum goes bit by bit, its messages are read field by field. It is itself held against a file of PyTorch's.
/// </summary>
internal static class EventReader
{
    public static (string Version, List<ReadEvent> Events) Read(string path)
    {
        var file = File.ReadAllBytes(path);
        List<ReadEvent> events = [];
        var version = "";
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            var fields = Fields(file.AsMemory(at + 12, length));
            var time = BitConverter.Int64BitsToDouble((long)fields.First(field => field.Id == 1).Number);
            var step = (long)fields.FirstOrDefault(field => field.Id == 2).Number;
            version = fields.Where(field => field.Id == 3).Select(field => Utf8(field.Bytes)).FirstOrDefault(version);
            events.AddRange(fields.Where(field => field.Id == 5).SelectMany(field => Fields(field.Bytes)).Select(value => Value(Fields(value.Bytes), step, time)));
            at += length + 16;
        }

        return (version, events);
    }

    private static ReadEvent Value(List<Field> value, long step, double time)
    {
        var result = new ReadEvent(step, time, Utf8(value.First(field => field.Id == 1).Bytes), "other");
        foreach (var field in value)
        {
            switch (field.Id)
            {
                case 2:
                    return result with { Kind = "simple_value", Value = BitConverter.UInt32BitsToSingle((uint)field.Number) };
                case 4:
                    var image = Fields(field.Bytes);
                    var png = image.First(part => part.Id == 4).Bytes;
                    return result with { Kind = "image", Image = ((long)image.First(part => part.Id == 2).Number, (long)image.First(part => part.Id == 1).Number, Convert.ToHexStringLower(SHA256.HashData(png.Span))) };
                case 8:
                    return result with { Kind = "tensor", Text = Utf8(Fields(field.Bytes).First(part => part.Id == 8).Bytes) };
            }
        }

        return result;
    }

    private readonly record struct Field(int Id, ulong Number, ReadOnlyMemory<byte> Bytes);

    private static List<Field> Fields(ReadOnlyMemory<byte> message)
    {
        List<Field> fields = [];
        var span = message.Span;
        for (var at = 0; at < span.Length;)
        {
            var key = Varint(span, ref at);
            var number = 0UL;
            var length = 0;
            switch (key & 7)
            {
                case 0:
                    number = Varint(span, ref at);
                    break;
                case 1:
                    (number, length) = (BinaryPrimitives.ReadUInt64LittleEndian(span[at..]), 8);
                    break;
                case 2:
                    length = (int)Varint(span, ref at);
                    break;
                case 5:
                    (number, length) = (BinaryPrimitives.ReadUInt32LittleEndian(span[at..]), 4);
                    break;
                default:
                    Assert.Fail($"wire type {key & 7}");
                    break;
            }

            fields.Add(new Field((int)(key >> 3), number, message.Slice(at, length)));
            at += length;
        }

        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 127) << shift;
            if (b < 128)
            {
                return value;
            }
        }
    }

    private static string Utf8(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1; // CRC-32C, reflected
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
    }
}
