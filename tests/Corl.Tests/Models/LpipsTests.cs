using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Corl.Checkpoints;
using Corl.Imaging;
using Corl.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>LPIPS of the lpips package and of torchmetrics on full-size backbones whose weights are a formula, with the real heads.</summary>
public sealed class LpipsTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");
    private static readonly JsonElement Golden = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "lpips/lpips.json")));

    private static readonly ConcurrentDictionary<string, float[]> Values = [];

    public static TheoryData<LpipsNet, string> Nets => new() { { LpipsNet.AlexNet, "alex" }, { LpipsNet.Vgg16, "vgg" }, { LpipsNet.SqueezeNet, "squeeze" } };

    [Theory]
    [MemberData(nameof(Nets))]
    public void DistanceByLayer_ImagePairs_EqualsBothPackages(LpipsNet net, string name)
    {
        using var scope = NewDisposeScope();
        var golden = Golden.GetProperty(name);
        using var package = Formula(net, LpipsEpsilon.Package);
        using var torchmetrics = Formula(net, LpipsEpsilon.Torchmetrics);
        foreach (var (pair, first, second) in Pairs())
        {
            var stored = golden.GetProperty("values").GetProperty(pair);
            Check(stored.GetProperty("torchmetrics").GetProperty("per_layer"), torchmetrics.DistanceByLayer(first, second, unitRange: true), pair);
            if (first.shape[3] > 64)
            {
                continue; // the other calls are the same arithmetic, and VGG takes its time
            }

            Check(stored.GetProperty("lpips_package").GetProperty("per_layer"), package.DistanceByLayer(first, second, unitRange: true), pair);
            Assert.Equal(stored.GetProperty("torchmetrics").GetProperty("normalize_true").GetSingle(), torchmetrics.Distance(first, second, unitRange: true).item<float>(), 1e-5f);
            Assert.Equal(stored.GetProperty("lpips_package").GetProperty("normalize_false").GetSingle(), package.Distance((2 * first) - 1, (2 * second) - 1).item<float>(), 1e-5f);
            Assert.Equal(stored.GetProperty("lpips_package").GetProperty("misuse_unit_range_without_normalize").GetSingle(), package.Distance(first, second).item<float>(), 1e-5f);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Map_ImagePairs_EqualsTheSpatialVariant(LpipsNet net, string name)
    {
        using var scope = NewDisposeScope();
        using var lpips = Formula(net, LpipsEpsilon.Package);
        foreach (var (pair, first, second) in Pairs().Where(pair => pair.Name.StartsWith("64x64", StringComparison.Ordinal)))
        {
            Described(Golden.GetProperty(name).GetProperty("values").GetProperty(pair).GetProperty("spatial_map"), lpips.Map(first, second, unitRange: true)[0], 1e-5, pair);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Distance_UnitHeads_EqualsTheVariantWithoutHeads(LpipsNet net, string name)
    {
        using var scope = NewDisposeScope();
        var backbone = Backbone(net);
        using var lpips = new Lpips(backbone, [.. backbone.Widths.Select(width => ones(width))], LpipsEpsilon.Package);
        var (pair, first, second) = Pairs().First();
        var expected = Golden.GetProperty(name).GetProperty("values").GetProperty(pair).GetProperty("without_linear_heads").GetSingle();
        Assert.Equal(expected, lpips.Distance(first, second, unitRange: true).item<float>(), 1e-5f);
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Backbone_Slices_EqualTheReference(LpipsNet net, string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var backbone = Backbone(net);
        var golden = Golden.GetProperty(name);
        var image = Image("lpips/images/64x64_different_0.png");
        var slices = backbone.call(Lpips.Scaled((2 * image) - 1));
        foreach (var (stored, slice) in golden.GetProperty("slices").EnumerateArray().Zip(slices))
        {
            Described(stored.GetProperty("raw"), slice[0], 1e-5, name);
            Described(stored.GetProperty("normalized"), Lpips.Unit(slice, LpipsEpsilon.Package)[0], 1e-5, name);
        }

        var odd = backbone.call(Lpips.Scaled((2 * Image("lpips/images/100x73_different_0.png")) - 1));
        Assert.Equal(golden.GetProperty("slice_shapes_100x73").EnumerateArray().Select(Longs), odd.Select(slice => slice.shape));
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void ShippedHeads_EveryNet_EqualTheOriginalFiles(LpipsNet net, string name)
    {
        using var scope = NewDisposeScope();
        using var file = CheckpointReader.Open(Path.Combine(Folder, $"lpips/heads/{name}.pth"));
        var heads = Lpips.ShippedHeads(net, Backbone(net).Widths);
        var sums = Golden.GetProperty(name).GetProperty("head_sums").EnumerateArray().Select(sum => sum.GetDouble()).ToArray();
        Assert.Equal(sums.Length, heads.Length);
        for (var i = 0; i < heads.Length; i++)
        {
            Tensors.Close(file.Read($"lin{i}.model.1.weight").view(-1), heads[i], 0, what: $"{name} {i}");
            Assert.Equal(sums[i], heads[i].to_type(ScalarType.Float64).sum().item<double>(), 1e-4);
        }
    }

    [Fact]
    public void Unit_ZeroAndTinyColumns_FollowsBothConventions()
    {
        using var scope = NewDisposeScope();
        using var units = Tensors.Golden("reward-models/lpips/units.safetensors");
        var input = units.Read("normalize.input");
        Tensors.Close(units.Read("normalize.lpips_package"), Lpips.Unit(input, LpipsEpsilon.Package), 1e-6);
        Tensors.Close(units.Read("normalize.torchmetrics"), Lpips.Unit(input, LpipsEpsilon.Torchmetrics), 1e-6);
        Tensors.Close(units.Read("scaled_input_64x64_different_0"), Lpips.Scaled((2 * Image("lpips/images/64x64_different_0.png")) - 1), 1e-6);
    }

    [Fact]
    public void Distance_Groups_EqualPairByPair()
    {
        using var scope = NewDisposeScope();
        using var lpips = Formula(LpipsNet.AlexNet, LpipsEpsilon.Torchmetrics);
        manual_seed(1);
        var (references, images) = (rand(3, 3, 40, 40), rand(6, 3, 40, 40));
        var together = lpips.Distance(references, images, unitRange: true).data<float>().ToArray();
        for (var i = 0; i < together.Length; i++)
        {
            var alone = lpips.Distance(references.narrow(0, i / 2, 1), images.narrow(0, i, 1), unitRange: true).item<float>();
            Assert.Equal(alone, together[i], 1e-6f);
        }
    }

    [Fact]
    public void Distance_OutOfRange_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var lpips = Formula(LpipsNet.SqueezeNet, LpipsEpsilon.Torchmetrics);
        foreach (var stored in Golden.GetProperty("torchmetrics_input_validation").EnumerateArray())
        {
            var name = stored.GetProperty("case").GetString()!;
            var (image, unitRange) = name switch
            {
                "normalize_true_value_above_1" => (full(1, 3, 64, 64, 1.0001f), true),
                "normalize_true_value_below_0" => (full(1, 3, 64, 64, -0.0001f), true),
                "normalize_false_value_below_-1" => (full(1, 3, 64, 64, -1.0001f), false),
                "normalize_false_value_above_1" => (full(1, 3, 64, 64, 1.5f), false), // torchmetrics lets this one pass
                "one_channel" => (zeros(1, 1, 64, 64), true),
                _ => (zeros(3, 64, 64), true),
            };
            Assert.Throws<ArgumentException>(() => lpips.Distance(image, image, unitRange));
        }

        Assert.Throws<ArgumentException>(() => lpips.Distance(full(1, 3, 64, 64, float.NaN), zeros(1, 3, 64, 64)));
    }

    [Fact]
    public void Distance_ManyCalls_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        using var lpips = Formula(LpipsNet.SqueezeNet, LpipsEpsilon.Torchmetrics);
        var image = zeros(2, 3, 40, 40);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++)
        {
            lpips.Distance(image, image).Dispose();
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("features.{0}")]
    [InlineData("net.slice9.{0}")]
    [InlineData("net.slices.4.{0}")]
    public void Load_NamesOfEveryOrigin_FindsTheNet(string pattern)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var (_, first, second) = Pairs().First();
        using var original = Formula(LpipsNet.SqueezeNet, LpipsEpsilon.Torchmetrics);
        var stored = original.Backbone.named_parameters().ToDictionary(pair => string.Format(null, pattern, pair.name["features.".Length..]), pair => (Tensor)pair.parameter);
        stored["classifier.1.weight"] = zeros(2); // what torchvision's files carry besides
        Safetensors.Write(folder.File("net.safetensors"), stored);

        using var loaded = Lpips.Load(folder.File("net.safetensors"));

        Assert.Equal(LpipsNet.SqueezeNet, loaded.Backbone.Net);
        Tensors.Close(original.Distance(first, second, true), loaded.Distance(first, second, true), 1e-7);
    }

    [Fact]
    public void Load_AnotherNetwork_IsRefusedByTensor()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("net.safetensors"), [KeyValuePair.Create("features.0.weight", zeros(64, 3, 7, 7))]);
        var error = Assert.Throws<UserException>(() => Lpips.Load(folder.File("net.safetensors")));
        Assert.Contains("[64, 3, 7, 7]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SaveSmall_LoadedAgain_GivesTheSameDistance()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        long[] widths = [4, 6];
        using var lpips = new Lpips(LpipsBackbone.CreateSmall(widths, InitialWeights.FanIn(1)), [.. widths.Select(width => full(width, 0.125f))], LpipsEpsilon.Package);
        lpips.SaveSmall(folder.Path);

        using var loaded = Lpips.Load(folder.Path);

        var images = rand(2, 3, 8, 8);
        Tensors.Close(lpips.Distance(images[..1], images[1..]), loaded.Distance(images[..1], images[1..]), 0);
    }

    [Fact]
    public void Distance_SmallNetwork_EqualsTheFormula()
    {
        // One 1-channel-pair convolution by hand: kernels pick the red and the green pixel, so features are (r, g) where positive.
        // Images: a = (1, 0), b = (0.6, 0.8) at the only pixel; unit columns are themselves; Σ of squares 0.4² + 0.8² = 0.8; times 0.25.
        using var scope = NewDisposeScope();
        var source = WeightSource.From((key, shape) =>
        {
            var value = zeros(shape);
            if (shape.Length == 4)
            {
                value[0, 0, 1, 1] = 1;
                value[1, 1, 1, 1] = 1;
            }

            return value;
        });
        using var lpips = new Lpips(LpipsBackbone.CreateSmall([2], source), [full(2, 0.25f)], LpipsEpsilon.Package);
        var distance = lpips.Distance(tensor(new[] { 1f, 0, 0 }).view(1, 3, 1, 1), tensor(new[] { 0.6f, 0.8f, 0 }).view(1, 3, 1, 1));
        Assert.Equal(0.2f, distance.item<float>(), 1e-6f);
    }

    /// <summary>A backbone whose weights are the formula of the golden set's description.</summary>
    internal static LpipsBackbone Backbone(LpipsNet net) => LpipsBackbone.Create(net, WeightSource.From((key, shape) =>
    {
        var bound = shape.Length == 4 ? Math.Sqrt(6.0 / (shape[1] * shape[2] * shape[3])) : 0.05;
        return tensor(FormulaValues($"{Golden.GetProperty("seed").GetInt32()}/{key}", shape.Aggregate(1L, (product, size) => product * size), bound), shape);
    }));

    internal static Lpips Formula(LpipsNet net, LpipsEpsilon epsilon)
    {
        var backbone = Backbone(net);
        return new Lpips(backbone, Lpips.ShippedHeads(net, backbone.Widths), epsilon);
    }

    private static float[] FormulaValues(string key, long count, double bound) => Values.GetOrAdd($"{key}/{count}", _ => MakeValues(key, count, bound)); // nets share names

    private static float[] MakeValues(string key, long count, double bound)
    {
        var start = Encoding.UTF8.GetBytes(key).Aggregate(2166136261u, (hash, b) => unchecked((hash ^ b) * 16777619u));
        var values = new float[count];
        for (var i = 0; i < values.Length; i++)
        {
            unchecked
            {
                var x = start + ((uint)i * 0x9E3779B9u);
                x ^= x >> 16;
                x *= 0x85EBCA6Bu;
                x ^= x >> 13;
                x *= 0xC2B2AE35u;
                x ^= x >> 16;
                values[i] = (float)(((2 * ((x >> 8) / 16777216.0)) - 1) * bound);
            }
        }

        return values;
    }

    private static IEnumerable<(string Name, Tensor First, Tensor Second)> Pairs() => Golden.GetProperty("pairs").EnumerateObject().Select(pair => (pair.Name, Image(pair.Value[0].GetString()!), Image(pair.Value[1].GetString()!)));

    // [1, 3, H, W] in [0, 1]
    private static Tensor Image(string relative)
    {
        var image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, relative)), relative);
        return ImageInput.AsTensor(image).unsqueeze(0).to_type(ScalarType.Float32) / 255;
    }

    private static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt64())];

    private static void Check(JsonElement expected, Tensor actual, string what) =>
        Tensors.Close(tensor(expected.EnumerateArray().Select(item => item.GetSingle()).ToArray()).unsqueeze(0), actual, 1e-5, what: what);

    private static void Described(JsonElement stored, Tensor actual, double absolute, string what)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Longs(stored.GetProperty("shape")), actual.shape);
        var places = tensor(Longs(stored.GetProperty("flat_indices")));
        var values = tensor(stored.GetProperty("values").EnumerateArray().Select(item => item.GetSingle()).ToArray());
        Tensors.Close(values, actual.flatten().index_select(0, places), absolute, 1e-4, what);
        var sum = stored.GetProperty("sum").GetDouble();
        Assert.Equal(sum, actual.to_type(ScalarType.Float64).sum().item<double>(), 1e-5 + (1e-4 * Math.Abs(sum)));
    }
}
