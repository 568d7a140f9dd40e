using Corl.Checkpoints;
using Corl.Models;
using System.Text.Json;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>Key lists, parameter totals, the key table and conversions.</summary>
public sealed class JanusLayoutTests
{
    public static TheoryData<string> FullSizes => [.. new[] { "1b", "7b" }.Where(size => File.Exists(GoldenFiles.Path($"janus/layout/original-{size}.json")))];

    [Theory]
    [MemberData(nameof(FullSizes))]
    public void Model_OnTheMetaDevice_HasTheRealModelsKeysAndShapes(string size)
    {
        using var folder = new TemporaryFolder();
        var original = Layout($"original-{size}");
        File.WriteAllText(folder.File("config.json"), original.GetProperty("config").GetRawText());
        var (config, layout) = JanusConfigFile.Read(folder.Path);
        Assert.Equal(JanusLayout.Original, layout);
        using var model = new JanusPro(config with { Vision = config.Vision with { HasPool = true } }, WeightSource.Empty(META));
        var shapes = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        Assert.Equal(original.GetProperty("parameters").GetInt64(), shapes.Values.Sum(s => s.Aggregate(1L, (a, b) => a * b)));
        var expected = Shapes(original).Where(s => !s.Key.EndsWith("codebook_used", StringComparison.Ordinal)).ToDictionary();
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), shapes.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, s => Assert.Equal(s.Value, shapes[s.Key]));

        var native = Shapes(Layout($"native-{size}"));
        Assert.Equal(native.Keys.Order(StringComparer.Ordinal), shapes.Keys.SelectMany(JanusKeys.ToNative).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ToNative_EveryStoredKey_EqualsTheMappingOfTheGoldenTable()
    {
        var rows = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/tiny/key_mapping.json"))).RootElement.GetProperty("rows");
        foreach (var row in rows.EnumerateArray())
        {
            Assert.Equal(row.GetProperty("native").EnumerateArray().Select(n => n[0].GetString()), JanusKeys.ToNative(row.GetProperty("original").GetString()!));
        }
    }

    [Fact]
    public void Convert_OriginalToNativeAndBack_GivesTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var (native, back) = (Path.Combine(folder.Path, "native"), Path.Combine(folder.Path, "back"));
        JanusCheckpoint.Convert(GoldenFiles.Path("janus/tiny/original"), native, JanusLayout.Native);
        JanusCheckpoint.Convert(native, back, JanusLayout.Original);
        SameTensors(GoldenFiles.Path("janus/tiny/original"), back);
        SameTensors(GoldenFiles.Path("janus/tiny/native"), native);
    }

    [Fact]
    public void Save_InBothLayouts_LoadsAsTheSameModel()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
        foreach (var layout in Enum.GetValues<JanusLayout>())
        {
            var path = Path.Combine(folder.Path, $"{layout}");
            JanusCheckpoint.Save(model, path, layout, ScalarType.Float32);
            using var again = JanusCheckpoint.Load(path);
            Assert.All(model.named_parameters().Zip(again.named_parameters()), pair => Assert.True(pair.First.parameter.Equals(pair.Second.parameter), pair.First.name));
        }
    }

    [Fact]
    public void Load_KeyMissingUnexpectedOrMisshaped_NamesIt()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var source = CheckpointReader.Open(GoldenFiles.Path("janus/tiny/native"));
        const string Key = "model.aligner.fc1.weight";
        Refused(t => t.Remove(Key), Key);
        Refused(t => t["model.stranger"] = zeros(2), "model.stranger");
        Refused(t => t[Key] = zeros(2, 2), "aligner.layers.0.weight");

        void Refused(Action<Dictionary<string, Tensor>> change, string name)
        {
            var tensors = source.Tensors.Keys.ToDictionary(key => key, source.Read);
            change(tensors);
            Safetensors.Write(Path.Combine(folder.Path, "model.safetensors"), tensors);
            File.Copy(GoldenFiles.Path("janus/tiny/native/config.json"), folder.File("config.json"), overwrite: true);
            Assert.Contains(name, Assert.Throws<UserException>(() => JanusCheckpoint.Load(folder.Path)).Message, StringComparison.Ordinal);
        }
    }

    private static void SameTensors(string expected, string actual)
    {
        using var scope = NewDisposeScope();
        using var one = CheckpointReader.OpenWeights(expected);
        using var two = CheckpointReader.OpenWeights(actual);
        Assert.Equal(one.Tensors.Keys.Order(StringComparer.Ordinal), two.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, info) in one.Tensors)
        {
            Assert.Equal(info.Dtype, two.Tensors[name].Dtype);
            Assert.True(one.Read(name).Equals(two.Read(name)), name);
        }
    }

    private static JsonElement Layout(string name) => JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path($"janus/layout/{name}.json"))).RootElement;

    private static Dictionary<string, long[]> Shapes(JsonElement layout) =>
        layout.GetProperty("shapes").EnumerateObject().ToDictionary(s => s.Name, s => s.Value.EnumerateArray().Select(x => x.GetInt64()).ToArray());
}
