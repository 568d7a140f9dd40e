using System.Security.Cryptography;
using System.Text.Json;
using Corl.Imaging;

namespace Corl.Tests.Imaging;

public sealed class ImageCodecTests
{
    // Another JPEG decoder may round the colour transform and the upsampling differently; the golden set allows two levels.
    private const int JpegTolerance = 2;

    private static readonly string Folder = GoldenFiles.Path("reward-models");

    public static TheoryData<string> Cases() => [.. Rows().Select(row => row.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_AnyMode_EqualsPillowsRgb(string file)
    {
        var row = Rows().Single(r => r.GetProperty("file").GetString() == file).GetProperty("decoded_rgb");
        var image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, file)), file);
        if (file.EndsWith(".png", StringComparison.Ordinal))
        {
            Assert.Equal(row.GetProperty("sha256").GetString(), Sha256(image.Pixels));
        }
        else if (row.TryGetProperty("file", out var decoded))
        {
            Close(Png(Path.Combine(Folder, decoded.GetString()!)), image);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_WithOrientation_StandsUpright(string file)
    {
        var row = Rows().Single(r => r.GetProperty("file").GetString() == file).GetProperty("load_image");
        var image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, file)), file, applyOrientation: true);
        Assert.Equal((row.GetProperty("width").GetInt32(), row.GetProperty("height").GetInt32()), (image.Width, image.Height));
        if (row.TryGetProperty("file", out var upright))
        {
            Close(Png(Path.Combine(Folder, upright.GetString()!)), image);
        }
    }

    [Fact]
    public void EncodePng_Decoded_IsTheSameImage()
    {
        var pixels = new byte[5 * 4 * 3];
        new Random(3).NextBytes(pixels);
        var image = new RgbImage(5, 4, pixels);
        var back = ImageCodec.Decode(ImageCodec.EncodePng(image), "own");
        Assert.Equal((5, 4), (back.Width, back.Height));
        Assert.Equal(pixels, back.Pixels);
    }

    internal static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    internal static RgbImage Png(string path) => ImageCodec.Decode(File.ReadAllBytes(path), path);

    internal static void Close(RgbImage expected, RgbImage actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.InRange(expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).Max(), 0, JpegTolerance);
    }

    private static JsonElement.ArrayEnumerator Rows() =>
        JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "preprocess/preprocess.json"))).GetProperty("cases").EnumerateArray();
}
