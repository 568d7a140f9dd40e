using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using Corl.Imaging;

namespace Corl.Tests.Imaging;

/// <summary>Small files of every format and pixel kind, and what becomes of them when they are damaged.</summary>
public sealed class ImageFormatsTests
{
    private static readonly Dictionary<string, JsonElement> Rows =
        JsonLines.Read(GoldenFiles.Path("image-formats/cases.jsonl")).ToDictionary(row => row.GetProperty("name").GetString()!);

    public static TheoryData<string> Names() => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_AnyFormat_EqualsPillowsRgb(string name)
    {
        var row = Rows[name];
        var image = ImageCodec.Decode(FileOf(name), name);
        Assert.Equal((row.GetProperty("width").GetInt32(), row.GetProperty("height").GetInt32()), (image.Width, image.Height));
        Assert.Equal(row.GetProperty("rgb").GetString(), Convert.ToHexStringLower(image.Pixels));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_CutAnywhere_IsRefusedOrWhole(string name)
    {
        var file = FileOf(name);
        var pixels = Rows[name].GetProperty("rgb").GetString();
        for (var length = 0; length < file.Length; length += Math.Max(1, file.Length / 97))
        {
            try
            {
                // Only what follows the last pixel may be missing: a few bytes, or the later frames of an animation.
                Assert.Equal(pixels, Convert.ToHexStringLower(ImageCodec.Decode(file.AsMemory(0, length), name).Pixels));
                Assert.True(length > file.Length - 40 || name == "webp animated", $"{length} of {file.Length} bytes gave an image");
            }
            catch (UserException error)
            {
                AssertOneLine(name, error);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_ChangedBytes_NeverFailOtherwise(string name)
    {
        var random = new Random(17);
        for (var trial = 0; trial < 60; trial++)
        {
            var file = FileOf(name);
            for (var change = 0; change < 3; change++)
            {
                file[random.Next(12, file.Length)] = (byte)random.Next(256);
            }

            try
            {
                var image = ImageCodec.Decode(file, name, applyOrientation: true);
                Assert.Equal(image.Width * image.Height * 3, image.Pixels.Length);
            }
            catch (UserException error)
            {
                AssertOneLine(name, error);
            }
        }
    }

    [Theory]
    [InlineData("", "got an empty file")]
    [InlineData("47494638396101000100", "start with 47494638")]
    [InlineData("FFD8FF", "JPEG header is truncated")]
    [InlineData("52494646FFFFFFFF5745425056503820", "WebP header is truncated")]
    [InlineData("89504E470D0A1A0A", "PNG without header")]
    public void Decode_OtherOrEmptyFile_NamesWhatCame(string hex, string expected)
    {
        var error = Assert.Throws<UserException>(() => ImageCodec.Decode(Convert.FromHexString(hex), "row 3"));
        Assert.StartsWith("row 3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(70_000, 1, "sides from 1 to 65535")]
    [InlineData(60_000, 60_000, "at most 67108864 pixels")]
    [InlineData(0, 5, "sides from 1")]
    [InlineData(8_000, 8_000, "the file is truncated")]
    public void Decode_PngThatClaimsTooMuch_IsRefusedBeforeItIsAllocated(int width, int height, string expected)
    {
        var file = Png(width, height, new byte[100]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<UserException>(() => ImageCodec.Decode(file, "bomb.png"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Decode_JpegThatClaimsTooMuch_IsRefusedBeforeItIsAllocated()
    {
        var file = FileOf("jpeg 4:2:0");
        var frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(frame + 5), 8000);
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(frame + 7), 8000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("the file is truncated", Assert.Throws<UserException>(() => ImageCodec.Decode(file, "bomb.jpg")).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Decode_PaletteIndexBeyondThePalette_IsBlackAsInPillow()
    {
        // Two pixels of depth 8: entry 0 of a palette of one colour, and entry 9.
        var file = Png(2, 1, [0, 0, 9], color: 3, palette: [7, 8, 9]);
        Assert.Equal([7, 8, 9, 0, 0, 0], ImageCodec.Decode(file, "short.png").Pixels);
    }

    [Fact]
    public void Decode_WrongChecksum_NamesTheChunk()
    {
        var file = Png(1, 1, [0, 1, 2, 3]);
        file[17] ^= 1; // in the width
        Assert.Contains("checksum of the PNG chunk IHDR", Assert.Throws<UserException>(() => ImageCodec.Decode(file, "x")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("49492A0008000000010012010300010000000600000000000000", 6)] // little-endian, one entry
    [InlineData("4D4D002A00000008000101120003000000010008000000000000", 8)] // big-endian
    [InlineData("49492A0008000000010012010300010000000900000000000000", 1)] // no such orientation
    [InlineData("49492A00FFFFFFFF", 1)]
    [InlineData("49492A000800000005", 1)]
    [InlineData("", 1)]
    public void Parse_ExifBlock_FindsTheOrientation(string hex, int expected) => Assert.Equal(expected, ExifOrientation.Parse(Convert.FromHexString(hex)));

    private static byte[] FileOf(string name) => Rows[name].GetProperty("file").GetBytesFromBase64();

    private static void AssertOneLine(string name, UserException error)
    {
        Assert.StartsWith(name + ": ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static byte[] Png(int width, int height, byte[] rows, byte color = 2, byte[]? palette = null)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, color);
        Chunk("IHDR"u8, header);
        if (palette is not null)
        {
            Chunk("PLTE"u8, palette);
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        Chunk("IDAT"u8, packed.ToArray());
        Chunk("IEND"u8, []);
        return file.ToArray();

        void Chunk(ReadOnlySpan<byte> type, byte[] data)
        {
            var bytes = new byte[12 + data.Length];
            BinaryPrimitives.WriteInt32BigEndian(bytes, data.Length);
            type.CopyTo(bytes.AsSpan(4));
            data.CopyTo(bytes, 8);
            var crc = uint.MaxValue;
            foreach (var value in bytes.AsSpan(4, 4 + data.Length))
            {
                crc ^= value;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
                }
            }

            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8 + data.Length), ~crc);
            file.Write(bytes);
        }
    }
}
