using System.Text.Json;
using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    public static TheoryData<string> Files => [.. GoldenCase.All("formats/safetensors/cases.json").Select(item => item.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Open_GoldenFile_LoadsOrRefusesAsExpected(string file)
    {
        var item = GoldenCase.All("formats/safetensors/cases.json").Single(item => item.GetProperty("file").GetString() == file);
        var (tensors, error) = GoldenCase.Load(GoldenFiles.Path("formats/safetensors/" + file));
        var expected = item.GetProperty("expected").GetString();
        Assert.True(expected != "load" || error is null, error);
        Assert.True(expected != "reject" || error is not null, $"{file} must be refused: {item.GetProperty("why")}");
        if (tensors is not null)
        {
            AssertSame(item.GetProperty("tensors"), tensors);
        }
        else if (expected == "load or unsupported")
        {
            Assert.Contains("not supported", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Write_EveryDtype_ReadsBackAndIsAligned()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["b/bool"] = tensor(new[] { true, false, true }),
            ["u8"] = tensor(new byte[] { 0, 255 }),
            ["half"] = tensor(new[] { 1.5f, -2f }).to(float16),
            ["bf16"] = tensor(new[] { 1.5f, -2f, 3f }).to(bfloat16),
            ["transposed"] = arange(6, dtype: float32).view(2, 3).t(),
            ["scalar"] = tensor(2.5),
            ["empty"] = empty(2, 0, 3),
            ["模型 \"x\"\n"] = tensor(new[] { long.MinValue, long.MaxValue }),
        };
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        Safetensors.Write(path, tensors, new Dictionary<string, string> { ["é"] = "ü" });
        using var reader = CheckpointReader.Open(path);
        Assert.Equal(new Dictionary<string, string> { ["é"] = "ü", ["format"] = "pt" }, reader.Metadata);
        Assert.Equal(tensors.Keys.Order(StringComparer.Ordinal), reader.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, value) in tensors)
        {
            var read = reader.Read(name);
            Assert.Equal(value.dtype, read.dtype);
            Assert.Equal(value.shape, read.shape);
            Assert.True(value.eq(read).all().item<bool>(), name);
        }

        Assert.Equal(0, BitConverter.ToInt64(File.ReadAllBytes(path)) % 8);
    }

    private static void AssertSame(JsonElement expected, Dictionary<string, Digest> actual)
        => Assert.Equal(expected.EnumerateObject().Select(entry => (entry.Name, Digest.Of(entry.Value))).OrderBy(pair => pair.Name, StringComparer.Ordinal),
            actual.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
}
