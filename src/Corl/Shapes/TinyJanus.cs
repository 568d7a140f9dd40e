using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>
/// Janus-Pro with small numbers: the model that the Shapes world trains and ships. 2.88 M parameters, of which the language model has
/// 0.97 M, the image tower 0.62 M and the VQ tokenizer 1.15 M.
/// </summary>
internal static class TinyJanus
{
    private const int Layers = 4;
    private const int TowerBlocks = 3;

    // So small a model needs a larger start than the usual 0.02: near 1/√width its question look-ups and attribute binding form at all.
    private const double LinearStd = 0.08;
    private const double EmbeddingStd = 0.05;
    private const double CodeAlignerStd = 0.35; // 1/√8, for codes of 8 numbers

    /// <summary>All sizes.</summary>
    public static readonly JanusConfig Config = new()
    {
        Language = new LlamaConfig(VocabularySize: 448, HiddenSize: 128, IntermediateSize: 384, Layers, Heads: 4, KvHeads: 4, HeadWidth: 32, MaxPositions: 512),
        Vision = new VisionConfig(Width: 128, TowerBlocks, Heads: 4, PatchSize: 8, World.Size, MlpWidth: 512),
        Vq = new VqConfig(Channels: 32, Multipliers: [1, 1, 2, 2], ResidualBlocks: 1, LatentChannels: 64, Codes: 512, CodeWidth: 8),
        ImageHeadWidth = 128,
    };

    /// <summary>The starting values of a seed; each parameter's follow from its name, not from the order of construction.</summary>
    public static WeightSource Start(ulong seed) => WeightSource.From((key, shape) => Initial(seed, key, shape));

    /// <summary>Gives a model a trained VQ tokenizer; the codes' embedding starts as its table.</summary>
    public static void TakeVq(JanusPro model, VqModel vq)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in vq.named_parameters())
        {
            parameters["gen_vision_model." + name].copy_(parameter);
        }

        parameters["gen_embed.weight"].copy_(vq.Table);
    }

    private static Tensor Initial(ulong seed, string key, long[] shape)
    {
        if (shape.Length == 1)
        {
            return key.EndsWith(".weight", StringComparison.Ordinal) ? ones(shape) : zeros(shape);
        }

        var random = CounterRng.Named(seed, "init/" + key);
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        if (key.StartsWith("gen_vision_model.", StringComparison.Ordinal))
        {
            var bound = 1 / Math.Sqrt(shape[1..].Aggregate(1L, (a, b) => a * b)); // 1/√fan-in, torch's default for convolutions
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)random.Uniform(-bound, bound);
            }
        }
        else
        {
            var std = Std(key);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(std * random.Normal());
            }
        }

        return tensor(values, shape).clone();
    }

    // Layers that write into a residual stream start smaller by the root of the number of such layers.
    private static double Std(string key) => key switch
    {
        _ when key.Contains("embed", StringComparison.Ordinal) => EmbeddingStd,
        _ when key.StartsWith("gen_aligner.layers.0", StringComparison.Ordinal) => CodeAlignerStd,
        _ when key.Contains("o_proj", StringComparison.Ordinal) || key.Contains("down_proj", StringComparison.Ordinal) => LinearStd / Math.Sqrt(2 * Layers),
        _ when key.Contains("attn.proj", StringComparison.Ordinal) || key.Contains("mlp.fc2", StringComparison.Ordinal) => LinearStd / Math.Sqrt(2 * TowerBlocks),
        _ => LinearStd,
    };
}
