using System.Text.Json;
using Corl.Checkpoints;
using Corl.Imaging;
using static TorchSharp.torch;

namespace Corl.Tests.Cli;

/// <summary>The verbs that run a model, on the tiny Janus of the golden set in both layouts.</summary>
public sealed class ModelVerbsTests
{
    public static readonly TheoryData<string> Layouts = ["native", "original"];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Generate_Greedy_GivesTheGoldenCodes(string layout)
    {
        using var folder = new TemporaryFolder();
        var root = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/generation/cases.json"))).RootElement;
        var captions = root.GetProperty("captions").EnumerateArray().ToArray();
        for (var i = 0; i < captions.Length; i++)
        {
            var single = root.GetProperty("singles")[i];
            foreach (var (weight, key) in new[] { ("5", "greedy_image_ids"), ("1", "greedy_image_ids_cfg1") })
            {
                var run = CommandLine.Run(
                    "generate", "--model", GoldenFiles.Path($"janus/tiny/{layout}"), captions[i].GetString()!, "-n", "2", "--cfg", weight, "--greedy", "--json", "--quiet", "--out", folder.Path);
                Assert.Equal((0, ""), (run.ExitCode, run.Error));
                Assert.Equal(Numbers(single.GetProperty("input_ids")), Numbers(run.Json.GetProperty("promptIds")));
                foreach (var image in run.Json.GetProperty("images").EnumerateArray())
                {
                    Assert.Equal(Numbers(single.GetProperty(key)), Numbers(image.GetProperty("ids")));
                    Assert.Equal(image.GetProperty("ids").GetArrayLength(), image.GetProperty("logps").GetArrayLength());
                    var file = image.GetProperty("file").GetString()!;
                    Assert.Equal((16, 16), Size(ImageCodec.Decode(File.ReadAllBytes(file), file)));
                }
            }
        }
    }

    [Fact]
    public void Generate_Sampled_DependsOnTheSeedAndNotOnTheCount()
    {
        using var folder = new TemporaryFolder();
        string Ids(string seed, int count, int image)
        {
            var run = CommandLine.Run("generate", "--model", GoldenFiles.Path("janus/tiny/native"), "a red cat", "-n", $"{count}", "--seed", seed, "--json", "-q", "--out", folder.Path);
            return run.Json.GetProperty("images")[image].GetProperty("ids").GetRawText();
        }

        Assert.Equal(Ids("7", 1, 0), Ids("7", 3, 0));
        Assert.NotEqual(Ids("7", 3, 0), Ids("7", 3, 1));
        Assert.NotEqual(Ids("7", 1, 0), Ids("8", 1, 0));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Ask_Greedy_GivesTheGoldenTokens(string layout)
    {
        using var folder = new TemporaryFolder();
        var root = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/understanding/cases.json"))).RootElement.GetProperty("single");
        const int Side = 16; // the image size of the golden model
        var image = new RgbImage(Side, Side, TensorFile.Open(GoldenFiles.Path("janus/understanding/single.safetensors")).Bytes("images_uint8"));
        File.WriteAllBytes(folder.File("image.png"), ImageCodec.EncodePng(image));
        var run = CommandLine.Run(
            "ask", "--model", GoldenFiles.Path($"janus/tiny/{layout}"), folder.File("image.png"), root.GetProperty("questions")[0].GetString()!, "--greedy", "--max-tokens", "24", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(Numbers(root.GetProperty("greedy_ids")[0]), Numbers(run.Json.GetProperty("ids")));
        Assert.Equal(24, run.Json.GetProperty("logps").GetArrayLength());
    }

    [Fact]
    public void Convert_ThereAndBack_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var native = GoldenFiles.Path("janus/tiny/native");
        var run = CommandLine.Run("convert", "--model", native, "--layout", "original", "--out", folder.File("original"), "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.True(run.Json.GetProperty("tensors").GetInt32() > 0);
        Assert.Equal("original", CommandLine.Run("inspect", folder.File("original"), "--json").Json.GetProperty("layout").GetString());
        Assert.Equal(0, CommandLine.Run("convert", "--model", folder.File("original"), "--layout", "native", "--out", folder.File("native")).ExitCode);
        Assert.Equal(File.ReadAllBytes(Path.Combine(native, "model.safetensors")), File.ReadAllBytes(folder.File("native/model.safetensors")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(native, "tokenizer.json")), File.ReadAllBytes(folder.File("native/tokenizer.json")));
    }

    [Fact]
    public void Convert_OriginalThereAndBack_KeepsEveryTensor()
    {
        using var folder = new TemporaryFolder();
        var original = GoldenFiles.Path("janus/tiny/original");
        Assert.Equal(0, CommandLine.Run("convert", "--model", original, "--layout", "native", "--out", folder.File("native")).ExitCode);
        Assert.Equal(0, CommandLine.Run("convert", "--model", folder.File("native"), "--layout", "original", "--out", folder.File("original")).ExitCode);
        using var before = CheckpointReader.Open(original);
        using var after = CheckpointReader.Open(folder.File("original"));
        Assert.Equal(before.Tensors.Keys.Order(StringComparer.Ordinal), after.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, info) in before.Tensors)
        {
            using var scope = NewDisposeScope();
            Assert.Equal((info.Dtype, true), (after.Tensors[name].Dtype, before.Read(name).eq(after.Read(name)).all().item<bool>()));
        }
    }

    [Fact]
    public void Convert_WiderAndBack_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var native = GoldenFiles.Path("janus/tiny/native");
        Assert.Equal(0, CommandLine.Run("convert", "--model", native, "--dtype", "fp32", "--out", folder.File("wide")).ExitCode);
        Assert.Equal(0, CommandLine.Run("convert", "--model", folder.File("wide"), "--dtype", "bf16", "--out", folder.File("narrow")).ExitCode);
        Assert.Equal(File.ReadAllBytes(Path.Combine(native, "model.safetensors")), File.ReadAllBytes(folder.File("narrow/model.safetensors")));
    }

    private static (int, int) Size(RgbImage image) => (image.Width, image.Height);

    private static long[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetInt64())];
}
