using Corl.Models;
using System.Text.Json;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>Single layers at the 1B model's size, with weights from a formula, against float64 results of the original code.</summary>
public sealed class FullSizeLayerTests
{
    private readonly JsonElement _root = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/formula/formula.json"))).RootElement;

    [Fact]
    public void Formula_Samples_EqualTheStoredValues()
    {
        foreach (var sample in _root.GetProperty("hash").GetProperty("samples").EnumerateArray())
        {
            Assert.Equal(sample.GetProperty("uint32").GetUInt32(), Mix(sample.GetProperty("number").GetUInt32(), sample.GetProperty("index").GetInt64()));
        }
    }

    [Fact]
    public void LlamaLayer_OneBillionModelsSize_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var part = _root.GetProperty("modules").GetProperty("llama_layer");
        var config = new LlamaConfig(1, 2048, 5632, 1, 16, 16, 128);
        using var layer = new LlamaLayer(Weights(part), config);
        using var rope = new Rope(config.HeadWidth, config.RopeTheta);
        var real = Whole(part.GetProperty("attention_mask")).to_type(ScalarType.Bool);
        var output = layer.Forward(Input(part), rope.At(Whole(part.GetProperty("position_ids")), ScalarType.Float32), Attention.Causal(12, 12, real, CPU), null, 0) * real.unsqueeze(-1);
        Check(part.GetProperty("output"), output);
        Slice("llama_layer.first8_channels", output[.., .., ..8]);
        Slice("llama_layer.last8_channels", output[.., .., ^8..]);
    }

    [Fact]
    public void SiglipBlock_LargeTowersSize_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var part = _root.GetProperty("modules").GetProperty("siglip_block");
        using var block = new SiglipBlock(Weights(part), new VisionConfig(1024, 1, 16, 16, 384, 4096));
        var output = block.call(Input(part));
        Check(part.GetProperty("output"), output);
        var rows = output[0].index_select(0, Whole(part.GetProperty("positions")));
        Slice("siglip_block.first8_channels", rows[.., ..8]);
        Slice("siglip_block.last8_channels", rows[.., ^8..]);
    }

    [Fact]
    public void ImageHead_OneBillionModelsSize_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var part = _root.GetProperty("modules").GetProperty("gen_head");
        var config = new JanusConfig { Language = new LlamaConfig(1, 2048, 1, 1, 1, 1, 2), Vision = new VisionConfig(1, 1, 1, 1, 1, 1), Vq = new VqConfig(32, [1], 1, 1, 16384, 8), ImageHeadWidth = 2048 };
        using var head = new ImageHead(Weights(part), config);
        var output = head.call(Input(part));
        Check(part.GetProperty("output"), output);
        Slice("gen_head.first16", output[.., ..16]);
        Slice("gen_head.last16", output[.., ^16..]);
        Assert.Equal(part.GetProperty("argmax").EnumerateArray().Select(x => x.GetInt64()), output.argmax(-1).data<long>());
    }

    [Fact]
    public void VqLevel_LowestResolution_EqualsTheReference()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var part = _root.GetProperty("modules").GetProperty("vq_level");
        using var stage = new VqStage(Weights(part), 512, 512, blocks: 3, attention: true, down: false, up: true);
        var output = stage.call(Input(part));
        Check(part.GetProperty("output"), output);
        Slice("vq_level.output_corner", output[0, ..8, ..4, ..4]);
    }

    private static Tensor Whole(JsonElement numbers)
    {
        var isMatrix = numbers[0].ValueKind == JsonValueKind.Array;
        long[] flat = [.. (isMatrix ? numbers.EnumerateArray().SelectMany(r => r.EnumerateArray()) : numbers.EnumerateArray()).Select(x => x.GetInt64())];
        return isMatrix ? tensor(flat, [numbers.GetArrayLength(), numbers[0].GetArrayLength()]) : tensor(flat);
    }

    private static void Slice(string key, Tensor actual)
    {
        using var golden = Tensors.Golden("janus/formula/formula.safetensors");
        Tensors.Close(golden.Read(key), actual, 2e-5, what: key);
    }

    // Sums agree within 1e-5 of the absolute sum.
    private static void Check(JsonElement stored, Tensor output)
    {
        var wide = output.to_type(ScalarType.Float64);
        var total = stored.GetProperty("sum_abs").GetDouble();
        Assert.Equal(stored.GetProperty("sum").GetDouble(), wide.sum().item<double>(), 1e-5 * total);
        Assert.Equal(total, wide.abs().sum().item<double>(), 1e-5 * total);
    }

    private static Tensor Input(JsonElement part) => Make(part.GetProperty("tensors").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "input"));

    private static WeightSource Weights(JsonElement part)
    {
        var tensors = part.GetProperty("tensors").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!);
        return WeightSource.From((key, _) => Make(tensors[key]));
    }

    private static Tensor Make(JsonElement stored)
    {
        long[] shape = [.. stored.GetProperty("shape").EnumerateArray().Select(x => x.GetInt64())];
        var (number, scale, offset) = (stored.GetProperty("number").GetUInt32(), stored.GetProperty("scale").GetDouble(), stored.GetProperty("offset").GetDouble());
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        Parallel.For(0, values.Length, i => values[i] = (float)(offset + (scale * (((Mix(number, i) >> 8) / 16777216.0) - 0.5))));
        return tensor(values, shape);
    }

    // x = i + number · 0x9E3779B9 mod 2^32, mixed as golden/janus/formula/formula.json says.
    private static uint Mix(uint number, long index)
    {
        unchecked
        {
            var x = (uint)index + (number * 0x9E3779B9);
            x ^= x >> 16;
            x *= 0x85EBCA6B;
            x ^= x >> 13;
            x *= 0xC2B2AE35;
            return x ^ (x >> 16);
        }
    }
}
