using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>Sizes of a transformer with its norms before attention and feed-forward: the towers of CLIP and BLIP's image tower.</summary>
/// <param name="Width">D.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="MlpWidth">Inner width of the feed-forward blocks.</param>
/// <param name="NormEpsilon">ε of the norms.</param>
/// <param name="QuickGelu">x·σ(1.702 x), OpenAI's, in place of the exact GELU.</param>
internal sealed record TransformerConfig(int Width, int Layers, int Heads, int MlpWidth, double NormEpsilon, bool QuickGelu = false);

/// <summary>The layers of a tower.</summary>
internal sealed class TransformerLayers : Module
{
    private readonly ModuleList<TransformerLayer> layers;

    public TransformerLayers(WeightSource source, TransformerConfig config) : base(nameof(TransformerLayers))
    {
        layers = new ModuleList<TransformerLayer>([.. Enumerable.Range(0, config.Layers).Select(i => new TransformerLayer(source.At(nameof(layers)).At(i), config))]);
        RegisterComponents();
    }

    /// <param name="x">[N, S, D].</param>
    /// <param name="mask">Broadcast to [N, h, S, S], true where a token may look; null for everywhere.</param>
    /// <returns>[N, S, D].</returns>
    public Tensor Forward(Tensor x, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in layers)
        {
            x = layer.Forward(x, mask);
        }

        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention and feed-forward, each behind its norm and beside its residual.</summary>
internal sealed class TransformerLayer : Module
{
    private readonly Norm layer_norm1, layer_norm2;
    private readonly FusedAttention self_attn;
    private readonly TransformerMlp mlp;

    public TransformerLayer(WeightSource source, TransformerConfig config) : base(nameof(TransformerLayer))
    {
        layer_norm1 = new Norm(source.At(nameof(layer_norm1)), config.Width, config.NormEpsilon);
        self_attn = new FusedAttention(source.At(nameof(self_attn)), config);
        layer_norm2 = new Norm(source.At(nameof(layer_norm2)), config.Width, config.NormEpsilon);
        mlp = new TransformerMlp(source.At(nameof(mlp)), config);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        x = x + self_attn.Forward(layer_norm1.call(x), mask);
        return (x + mlp.call(layer_norm2.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Self-attention whose one matrix holds the rows of q, k and v.</summary>
internal sealed class FusedAttention : Module
{
    private readonly Dense qkv, projection;
    private readonly int _heads;

    public FusedAttention(WeightSource source, TransformerConfig config) : base(nameof(FusedAttention))
    {
        qkv = new Dense(source.At(nameof(qkv)), config.Width, 3L * config.Width);
        projection = new Dense(source.At(nameof(projection)), config.Width, config.Width);
        _heads = config.Heads;
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var parts = qkv.call(x).view(x.shape[0], x.shape[1], 3, _heads, -1).permute(2, 0, 3, 1, 4).unbind(0); // each [N, h, S, d]
        return projection.call(Attention.Attend(parts[0], parts[1], parts[2], mask)).MoveToOuterDisposeScope();
    }
}

/// <summary>fc2(gelu(fc1 x)) with either GELU.</summary>
internal sealed class TransformerMlp : Module<Tensor, Tensor>
{
    private const double Quick = 1.702; // OpenAI's approximation of GELU: x·σ(1.702 x)
    private readonly Dense fc1, fc2;
    private readonly bool _isQuick;

    public TransformerMlp(WeightSource source, TransformerConfig config) : base(nameof(TransformerMlp))
    {
        fc1 = new Dense(source.At(nameof(fc1)), config.Width, config.MlpWidth);
        fc2 = new Dense(source.At(nameof(fc2)), config.MlpWidth, config.Width);
        _isQuick = config.QuickGelu;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = fc1.call(x);
        return fc2.call(_isQuick ? y * (y * Quick).sigmoid_() : functional.gelu(y)).MoveToOuterDisposeScope();
    }
}
