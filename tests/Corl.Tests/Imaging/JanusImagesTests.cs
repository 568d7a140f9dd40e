using System.Runtime.InteropServices;
using System.Text.Json;
using Corl.Imaging;
using static TorchSharp.torch;

namespace Corl.Tests.Imaging;

public sealed class JanusImagesTests
{
    private static readonly string Folder = GoldenFiles.Path("janus/preprocess");
    private static readonly float[] Half = [0.5f, 0.5f, 0.5f];

    public static TheoryData<string> Cases() => [.. Rows("cases.json", "cases").Select(row => row.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ToTensor_GoldenImage_EqualsTheOriginalsBytesAndFloats(string file)
    {
        var row = Rows("cases.json", "cases").Single(r => r.GetProperty("file").GetString() == file);
        var image = ImageCodecTests.Png(Path.Combine(Folder, file));
        if (file.EndsWith(".jpg", StringComparison.Ordinal))
        {
            var decoded = ImageCodecTests.Png(Path.Combine(Folder, row.GetProperty("decoded_rgb").GetString()!));
            ImageCodecTests.Close(decoded, image);
            image = decoded;
        }

        Assert.Equal(row.GetProperty("rgb_sha256").GetString(), ImageCodecTests.Sha256(image.Pixels));
        foreach (var size in new[] { 384, 64 })
        {
            var expected = row.GetProperty($"size_{size}");
            var images = new JanusImages(size, 14, Half, Half);
            Assert.Equal(expected.GetProperty("chw_uint8_sha256").GetString(), ImageCodecTests.Sha256(ByChannel(images.Fit(image))));
            using var scope = NewDisposeScope();
            var floats = images.ToTensor([image]).data<float>().ToArray();
            Assert.Equal(expected.GetProperty("float_chw_sha256").GetString(), ImageCodecTests.Sha256(MemoryMarshal.AsBytes(floats.AsSpan()).ToArray()));
        }
    }

    [Fact]
    public void Fit_SizeRule_EqualsTheOriginals()
    {
        var rule = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "size_rule.json")));
        var images = new JanusImages(rule.GetProperty("image_size").GetInt32(), rule.GetProperty("min_size").GetInt32(), Half, Half);
        foreach (var row in Rows("size_rule.json", "rows"))
        {
            var (width, height) = (row.GetProperty("width").GetInt32(), row.GetProperty("height").GetInt32());
            var fitted = images.Fit(new RgbImage(width, height, new byte[width * height * 3])); // black on a canvas of 127
            var black = Enumerable.Range(0, fitted.Width * fitted.Height).Where(i => fitted.Pixels[i * 3] == 0).ToArray();
            var (left, top) = (black.Min(i => i % fitted.Width), black.Min(i => i / fitted.Width));
            var (right, bottom) = (black.Max(i => i % fitted.Width), black.Max(i => i / fitted.Width));
            Assert.Equal(
                (row.GetProperty("left").GetInt32(), row.GetProperty("top").GetInt32(), row.GetProperty("resized_width").GetInt32(), row.GetProperty("resized_height").GetInt32()),
                (left, top, right - left + 1, bottom - top + 1));
        }
    }

    [Theory]
    [InlineData("half", new[] { 0.5f, 0.5f, 0.5f }, new[] { 0.5f, 0.5f, 0.5f })]
    [InlineData("clip", new[] { 0.48145466f, 0.4578275f, 0.40821073f }, new[] { 0.26862954f, 0.26130258f, 0.27577711f })]
    public void ValueTable_EveryByte_EqualsTheOriginals(string name, float[] mean, float[] std)
    {
        var expected = TensorFile.Open(Path.Combine(Folder, "arrays.safetensors")).Floats($"value_table.{name}");
        Assert.Equal(expected, new JanusImages(16, 14, mean, std, 0.00392156862745098).ValueTable().SelectMany(channel => channel));
    }

    [Fact]
    public void ToImages_EdgeValues_AreClampedAndTruncated()
    {
        using var scope = NewDisposeScope();
        // (x + 1) / 2 · 255: −1.5 → below 0, 0 → 127.5, 0.999 → 254.87, 1 → 255, 7 → above 255
        var row = tensor(new[] { -1.5f, -1, 0, 0.999f, 1, 7 }).view(1, 1, 1, 6);
        var image = Assert.Single(JanusImages.ToImages(row.expand(1, 3, 1, 6)));
        Assert.Equal([0, 0, 127, 254, 255, 255], image.Pixels.Chunk(3).Select(pixel => pixel[1]));
    }

    private static byte[] ByChannel(RgbImage image)
    {
        var plane = image.Width * image.Height;
        var channels = new byte[3 * plane];
        for (var i = 0; i < channels.Length; i++)
        {
            channels[(i % 3 * plane) + (i / 3)] = image.Pixels[i];
        }

        return channels;
    }

    private static JsonElement[] Rows(string file, string key) => [.. JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, file))).GetProperty(key).EnumerateArray()];
}
