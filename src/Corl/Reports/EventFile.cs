using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Corl.Reports;

/// <summary>
/// A TensorBoard event file: records of length, checksum, event, checksum (tensorflow/core/lib/io/record_writer.h), each event a protocol
/// buffer (event.proto, summary.proto). TorchSharp's writer cannot go on with a file, and a resumed run must: its events after the resumed
/// step are cut off here, so that curves have no second branch.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Pattern = "events.out.tfevents.*"; // what TensorBoard looks for
    private const int HeaderBytes = 12, FooterBytes = 4;     // length and its checksum; the event's checksum
    private const int MaxEventBytes = 1 << 26;               // ours: far above the images written here
    private readonly FileStream _file;

    /// <summary>Opens the folder's event file, or a new one; events after <paramref name="lastStep"/> and a broken end are cut off.</summary>
    public EventFile(string folder, long lastStep)
    {
        var path = Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? Path.Combine(folder, FormattableString.Invariant($"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.corl"));
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            _file.SetLength(End(_file, lastStep));
            _file.Seek(0, SeekOrigin.End);
            if (_file.Length == 0)
            {
                Write(new ProtoMessage().Double(1, Now()).Text(3, "brain.Event:2"));
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Writes numbers of one step.</summary>
    public void Scalars(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var summary = new ProtoMessage();
        foreach (var (tag, value) in values)
        {
            summary.Message(1, new ProtoMessage().Text(1, tag).Float(2, (float)value));
        }

        Write(step, summary);
    }

    /// <summary>Writes a PNG image.</summary>
    public void Image(long step, string tag, int width, int height, byte[] png)
    {
        const int Rgb = 3; // the colour space as the format numbers it: channels
        var image = new ProtoMessage().Integer(1, height).Integer(2, width).Integer(3, Rgb).Bytes(4, png);
        Write(step, new ProtoMessage().Message(1, new ProtoMessage().Text(1, tag).Message(4, image)));
    }

    /// <summary>Writes text, which TensorBoard shows as Markdown.</summary>
    public void Text(long step, string tag, string text)
    {
        const int DtString = 7; // types.proto
        var shape = new ProtoMessage().Message(2, new ProtoMessage().Integer(1, 1));
        var tensor = new ProtoMessage().Integer(1, DtString).Message(2, shape).Bytes(8, Encoding.UTF8.GetBytes(text));
        var plugin = new ProtoMessage().Message(1, new ProtoMessage().Text(1, "text"));
        Write(step, new ProtoMessage().Message(1, new ProtoMessage().Text(1, tag).Message(8, tensor).Message(9, plugin)));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>CRC-32C, rotated and offset as the record format asks.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8; // record format: rotated right by 15 bits, plus this constant
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private void Write(long step, ProtoMessage summary) => Write(new ProtoMessage().Double(1, Now()).Integer(2, step).Message(5, summary));

    private void Write(ProtoMessage message)
    {
        var data = message.ToArray();
        var record = new byte[HeaderBytes + data.Length + FooterBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Checksum(record.AsSpan(0, 8)));
        data.CopyTo(record, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + data.Length), Checksum(data));
        _file.Write(record);
        _file.Flush();
    }

    /// <summary>Where the records up to a step end; a record that is broken ends the file.</summary>
    private static long End(FileStream file, long lastStep)
    {
        var end = 0L;
        var header = new byte[HeaderBytes];
        while (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) == Checksum(header.AsSpan(0, 8))
            && BinaryPrimitives.ReadInt64LittleEndian(header) is >= 0 and <= MaxEventBytes and var length)
        {
            var rest = new byte[length + FooterBytes];
            if (file.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length || StepOf(rest.AsSpan(0, (int)length)) > lastStep)
            {
                break;
            }

            end += HeaderBytes + rest.Length;
        }

        return end;
    }

    /// <summary>The step of an event as this class writes them: the wall time in nine bytes, then field 2 as a varint; 0 where there is none.</summary>
    private static long StepOf(ReadOnlySpan<byte> data)
    {
        const int AfterTime = 9, StepKey = 2 << 3;
        var step = 0L;
        if (data.Length <= AfterTime || data[AfterTime] != StepKey)
        {
            return step;
        }

        var shift = 0;
        foreach (var b in data[(AfterTime + 1)..])
        {
            step |= (long)(b & 127) << shift;
            shift += 7;
            if (b < 128 || shift > 63)
            {
                break;
            }
        }

        return step;
    }
}
