using System.Text.Json;
using Corl.Imaging;

namespace Corl.Tests.Imaging;

public sealed class ResizeTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models/preprocess");

    [Theory]
    [InlineData(ResampleFilter.Box)]
    [InlineData(ResampleFilter.Bilinear)]
    [InlineData(ResampleFilter.Hamming)]
    [InlineData(ResampleFilter.Bicubic)]
    [InlineData(ResampleFilter.Lanczos)]
    public void To_UnitCases_EqualPillowBytes(ResampleFilter filter)
    {
        var arrays = TensorFile.Open(Path.Combine(Folder, "resample_units.safetensors"));
        var cases = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "resample_units.json"))).GetProperty("cases").EnumerateArray().ToArray();
        Assert.NotEmpty(cases);
        foreach (var unit in cases)
        {
            var name = $"case_{unit.GetProperty("case").GetInt32()}";
            var input = new RgbImage(Number(unit, "input_width"), Number(unit, "input_height"), arrays.Bytes(name + ".input"));
            var output = Resize.To(input, Number(unit, "output_width"), Number(unit, "output_height"), filter);
            Assert.True(arrays.Bytes($"{name}.{filter.ToString().ToLowerInvariant()}").AsSpan().SequenceEqual(output.Pixels), $"{name} {filter}");
        }

        static int Number(JsonElement unit, string key) => unit.GetProperty(key).GetInt32();
    }

    [Fact]
    public void To_SameSize_CopiesThePixels()
    {
        var image = new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]);
        var copy = Resize.Bicubic(image, 2, 1);
        Assert.Equal(image.Pixels, copy.Pixels);
        Assert.NotSame(image.Pixels, copy.Pixels);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, -1)]
    public void To_EmptySize_Throws(int width, int height) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Resize.Bilinear(new RgbImage(1, 1, new byte[3]), width, height));
}
