using System.Buffers.Binary;
using System.IO.Compression;

namespace Corl.Imaging;

/// <summary>
/// PNG (W3C recommendation, third edition) to RGB with the results of Pillow's convert("RGB"): alpha and transparent entries are dropped
/// without compositing, gamma and colour profiles are ignored, 16-bit colour keeps its high byte, 16-bit grey saturates at 255.
/// </summary>
internal static class PngDecoder
{
    // DEFLATE codes at most 258 bytes in 2 bits.
    private const long MaxExpansion = 1032;

    private const int Channels = 3;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private enum ColorType : byte
    {
        Grey = 0,
        Rgb = 2,
        Palette = 3,
        GreyAlpha = 4,
        Rgba = 6,
    }

    public static bool Recognises(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    /// <summary>Decodes the image; <paramref name="orientation"/> is that of its eXIf chunk, 1 when it has none.</summary>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string name, out int orientation)
    {
        var file = Chunks.Read(bytes, name);
        var header = Header.Parse(file.Header, name);
        if (header.Color == ColorType.Palette && file.Palette.Length == 0)
        {
            throw new UserException($"{name}: PNG with palette colours but without a palette (PLTE chunk); the file is damaged.");
        }

        var rawSize = header.Passes().Sum(pass => (long)pass.Rows * (1 + header.BytesPerRow(pass.Columns)));
        if (rawSize > (file.Data.Length + 1) * MaxExpansion)
        {
            throw new UserException($"{name}: PNG of {header.Width}×{header.Height} pixels has only {file.Data.Length} bytes of pixel data; the file is truncated.");
        }

        orientation = ExifOrientation.Parse(file.Exif.Span);
        var pixels = new byte[header.Width * header.Height * Channels];
        using var inflated = new ZLibStream(new MemoryStream(file.Data, writable: false), CompressionMode.Decompress);
        try
        {
            foreach (var pass in header.Passes())
            {
                ReadPass(inflated, header, pass, file.Palette.Span, pixels);
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw new UserException($"{name}: PNG pixel data is truncated or damaged.", error);
        }

        return new RgbImage(header.Width, header.Height, pixels);
    }

    private static void ReadPass(Stream inflated, Header header, Pass pass, ReadOnlySpan<byte> palette, byte[] pixels)
    {
        var size = header.BytesPerRow(pass.Columns);
        var (line, previous) = (new byte[size + 1], new byte[size + 1]);
        for (var row = 0; row < pass.Rows; row++)
        {
            inflated.ReadExactly(line);
            Unfilter(line[0], line.AsSpan(1), previous.AsSpan(1), header.BytesPerPixel);
            var first = (((pass.Y + (row * pass.StepY)) * header.Width) + pass.X) * Channels;
            ToRgb(header, line.AsSpan(1), pass.Columns, palette, pixels.AsSpan(first), pass.StepX * Channels);
            (line, previous) = (previous, line);
        }
    }

    private static void Unfilter(byte filter, Span<byte> line, ReadOnlySpan<byte> above, int bytesPerPixel)
    {
        for (var i = 0; i < line.Length; i++)
        {
            var left = i < bytesPerPixel ? 0 : line[i - bytesPerPixel];
            line[i] += filter switch
            {
                0 => 0,
                1 => (byte)left,
                2 => above[i],
                3 => (byte)((left + above[i]) / 2),
                4 => Paeth(left, above[i], i < bytesPerPixel ? 0 : above[i - bytesPerPixel]),
                _ => throw new InvalidDataException($"filter {filter}"),
            };
        }
    }

    private static byte Paeth(int left, int above, int corner)
    {
        var estimate = left + above - corner;
        var (toLeft, toAbove, toCorner) = (Math.Abs(estimate - left), Math.Abs(estimate - above), Math.Abs(estimate - corner));
        return (byte)(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
    }

    private static void ToRgb(Header header, ReadOnlySpan<byte> line, int columns, ReadOnlySpan<byte> palette, Span<byte> target, int step)
    {
        var bytes = header.Depth / 8; // per sample; 0 for packed samples
        for (var x = 0; x < columns; x++)
        {
            var pixel = target.Slice(x * step, Channels);
            switch (header.Color)
            {
                case ColorType.Rgb or ColorType.Rgba:
                    var at = x * header.BytesPerPixel;
                    (pixel[0], pixel[1], pixel[2]) = (line[at], line[at + bytes], line[at + (2 * bytes)]);
                    break;
                case ColorType.GreyAlpha:
                    pixel.Fill(line[x * header.BytesPerPixel]);
                    break;
                case ColorType.Grey when bytes == 2:
                    pixel.Fill((byte)Math.Min(BinaryPrimitives.ReadUInt16BigEndian(line[(2 * x)..]), byte.MaxValue));
                    break;
                case ColorType.Grey:
                    pixel.Fill((byte)(Sample(line, x, header.Depth) * byte.MaxValue / ((1 << header.Depth) - 1)));
                    break;
                default:
                    var entry = Sample(line, x, header.Depth) * Channels;
                    if (entry < palette.Length)
                    {
                        palette.Slice(entry, Channels).CopyTo(pixel);
                    }
                    else
                    {
                        pixel.Clear(); // Pillow's palette is black beyond its last entry
                    }

                    break;
            }
        }
    }

    // Samples of 1, 2, 4 or 8 bits, the leftmost in the high bits.
    private static int Sample(ReadOnlySpan<byte> line, int x, int depth)
    {
        var bit = x * depth;
        return (line[bit / 8] >> (8 - depth - (bit % 8))) & ((1 << depth) - 1);
    }

    /// <summary>One pass over the image: which pixels its rows hold. An image that is not interlaced has one.</summary>
    private readonly record struct Pass(int X, int Y, int StepX, int StepY, int Columns, int Rows);

    private sealed record Header(int Width, int Height, byte Depth, ColorType Color, bool IsInterlaced)
    {
        private static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
            [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

        private int BitsPerPixel => Depth * (Color switch { ColorType.Grey or ColorType.Palette => 1, ColorType.GreyAlpha => 2, ColorType.Rgb => 3, _ => 4 });

        public int BytesPerPixel => Math.Max(1, BitsPerPixel / 8);

        public int BytesPerRow(int columns) => (int)((((long)columns * BitsPerPixel) + 7) / 8);

        public IEnumerable<Pass> Passes() => (IsInterlaced ? Adam7 : [(0, 0, 1, 1)])
            .Select(p => new Pass(p.X, p.Y, p.StepX, p.StepY, (Width - p.X + p.StepX - 1) / p.StepX, (Height - p.Y + p.StepY - 1) / p.StepY))
            .Where(pass => pass.Columns > 0 && pass.Rows > 0);

        public static Header Parse(ReadOnlyMemory<byte> chunk, string name)
        {
            const int Size = 13; // bytes of an IHDR chunk
            if (chunk.Length != Size)
            {
                throw new UserException($"{name}: PNG header of {chunk.Length} bytes instead of {Size}; the file is damaged.");
            }

            var bytes = chunk.Span;
            var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
            ImageCodec.CheckSize(width, height, name);
            var (depth, color) = (bytes[8], (ColorType)bytes[9]);
            var isKnown = color switch
            {
                ColorType.Grey => depth is 1 or 2 or 4 or 8 or 16,
                ColorType.Palette => depth is 1 or 2 or 4 or 8,
                ColorType.Rgb or ColorType.GreyAlpha or ColorType.Rgba => depth is 8 or 16,
                _ => false,
            };
            if (!isKnown || bytes[10] != 0 || bytes[11] != 0 || bytes[12] > 1)
            {
                throw new UserException($"{name}: PNG with colour type {bytes[9]}, depth {depth}, compression {bytes[10]}, filter {bytes[11]}, interlace {bytes[12]} does not exist; the file is damaged.");
            }

            return new Header((int)width, (int)height, depth, color, bytes[12] == 1);
        }
    }

    private sealed record Chunks(ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Palette, byte[] Data, ReadOnlyMemory<byte> Exif)
    {
        public static Chunks Read(ReadOnlyMemory<byte> bytes, string name)
        {
            const int Frame = 12; // length, type and checksum around a chunk's data
            ReadOnlyMemory<byte> header = default, palette = default, exif = default;
            using var data = new MemoryStream();
            var at = Signature.Length;
            while (at <= bytes.Length - Frame)
            {
                var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[at..]);
                if (length > bytes.Length - at - Frame)
                {
                    break;
                }

                var typed = bytes.Slice(at + 4, 4 + (int)length);
                var content = typed[4..];
                at += Frame + (int)length;
                var type = System.Text.Encoding.Latin1.GetString(typed.Span[..4]);
                if (type is "IHDR" or "PLTE" or "IDAT" && Crc32(typed.Span) != BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[(at - 4)..]))
                {
                    throw new UserException($"{name}: checksum of the PNG chunk {type} does not match; the file is damaged.");
                }

                switch (type)
                {
                    case "IHDR": header = content; break;
                    case "PLTE": palette = content[..(Math.Min(content.Length, 256 * Channels) / Channels * Channels)]; break;
                    case "eXIf": exif = content; break;
                    case "IDAT": data.Write(content.Span); break;
                    default: break;
                }

                if (type == "IEND")
                {
                    break;
                }
            }

            if (header.IsEmpty || data.Length == 0)
            {
                throw new UserException($"{name}: PNG without {(header.IsEmpty ? "header" : "pixel data")}; the file is truncated or damaged.");
            }

            return new Chunks(header, palette, data.ToArray(), exif);
        }
    }

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1))];

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }
}
