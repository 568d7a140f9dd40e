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

    [Theory]
    [InlineData("tiny/native", 16)]
    [InlineData("tiny/original", 16)]
    [InlineData("micro/original-zip", 4)]
    [InlineData("micro/native-sharded", 4)] // config.json only: Janus-Pro's values
    public void FromDirectory_GoldenCheckpoint_HasJanusProsValues(string checkpoint, int size)
    {
        var images = JanusImages.FromDirectory(GoldenFiles.Path($"janus/{checkpoint}"), size);
        Assert.Equal((size, 14), (images.ImageSize, images.MinSize));
        Assert.Equal(Half, images.Mean);
        Assert.Equal(Half, images.Std);
        Assert.Equal((size, size), images.Fit(new RgbImage(40, 3, new byte[40 * 3 * 3])) is var fitted ? (fitted.Width, fitted.Height) : default);
    }

    [Fact]
    public void FromDirectory_ProcessorNestedInProcessorConfig_IsRead()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("processor_config.json"), """{"image_processor": {"size": {"height": 32, "width": 32}, "min_size": 7, "image_mean": [0.25, 0.5, 0.75], "image_std": [1, 0.5, 0.25]}}""");
        var images = JanusImages.FromDirectory(folder.Path, 32);
        Assert.Equal(7, images.MinSize);
        Assert.Equal([0.25f, 0.5f, 0.75f], images.Mean);
        Assert.Equal([1, 0.5f, 0.25f], images.Std);
        // 2×1 pixels become 32×16 between bars of int(mean · 255) = 63, 127, 191
        Assert.Equal([63, 127, 191], images.Fit(new RgbImage(2, 1, new byte[6])).Pixels[..3]);
    }

    [Theory]
    [InlineData("""{"image_size": 384}""", "preprocessor_config.json: image_size: the model expects images of 32 pixels")]
    [InlineData("""{"size": {"height": 30}}""", "size.height: the model expects")]
    [InlineData("""{"resample": 2}""", "resample: Janus images are resampled with filter 3")]
    [InlineData("""{"image_mean": [0.5, 0.5]}""", "image_mean: expected 3 numbers from 0 to 1, got [0.5, 0.5]")]
    [InlineData("""{"image_std": [0.5, 0.5, 0]}""", "image_std: expected 3 numbers above 0")]
    [InlineData("""{"min_size": "14"}""", "min_size: expected an integer")]
    [InlineData("[]", "expected an object, got a list")]
    [InlineData("{", "not valid JSON")]
    public void FromDirectory_UnusableFile_NamesFileAndKey(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("preprocessor_config.json"), json);
        Assert.Contains(expected, Assert.Throws<UserException>(() => JanusImages.FromDirectory(folder.Path, 32)).Message, StringComparison.Ordinal);
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
