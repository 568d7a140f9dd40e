using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>The decoder and its text head, named as <c>LlamaForCausalLM</c>.</summary>
internal sealed class Llama : Module
{
    private readonly LlamaDecoder model;
    private readonly Dense lm_head;

    public Llama(WeightSource source, LlamaConfig config) : base(nameof(Llama))
    {
        model = new LlamaDecoder(source.At(nameof(model)), config);
        lm_head = new Dense(source.At(nameof(lm_head)), config.HiddenSize, config.VocabularySize, hasBias: false);
        RegisterComponents();
    }

    /// <summary>int64 [B, S] → [B, S, D].</summary>
    public Tensor Embed(Tensor ids) => model.Embed(ids);

    /// <summary>[B, S, D] → [B, S, D] after the final norm; see <see cref="JanusPro.Hidden"/>.</summary>
    public Tensor Hidden(Tensor embeds, Tensor? mask = null, KvCache? cache = null, Action<int, Tensor>? afterLayer = null, GradientTape? tape = null) =>
        model.Hidden(embeds, mask, cache, afterLayer, tape);

    /// <summary>[…, D] → [.., V].</summary>
    public Tensor Logits(Tensor hidden) => lm_head.call(hidden);
}

/// <summary>Token embedding, layers and final norm.</summary>
internal sealed class LlamaDecoder : Module
{
    private readonly Table embed_tokens;
    private readonly ModuleList<LlamaLayer> layers;
    private readonly RmsNorm norm;
    private readonly Rope _rope;

    public LlamaDecoder(WeightSource source, LlamaConfig config) : base(nameof(LlamaDecoder))
    {
        embed_tokens = new Table(source.At(nameof(embed_tokens)), config.VocabularySize, config.HiddenSize);
        layers = new ModuleList<LlamaLayer>([.. Enumerable.Range(0, config.Layers).Select(i => new LlamaLayer(source.At(nameof(layers)).At(i), config))]);
        norm = new RmsNorm(source.At(nameof(norm)), config.HiddenSize, config.RmsEpsilon);
        _rope = new Rope(config.HeadWidth, config.RopeTheta);
        RegisterComponents();
    }

    public Tensor Embed(Tensor ids) => embed_tokens.call(ids);

    public Tensor Hidden(Tensor embeds, Tensor? mask, KvCache? cache, Action<int, Tensor>? afterLayer, GradientTape? tape)
    {
        using var scope = NewDisposeScope();
        var (count, past) = (embeds.shape[1], cache?.Length ?? 0);
        if (mask is not null)
        {
            cache?.MarkReal(mask);
        }

        var real = cache is null ? mask : cache.Real(count); // [B, past + S]
        var at = _rope.At(Positions(real, past, count, embeds.device), embeds.dtype);
        var visible = Attention.Causal(count, past + count, real, embeds.device);
        if (tape is { RecomputesLayers: true })
        {
            (at, visible) = ((tape.Keep(at.Cos), tape.Keep(at.Sin)), visible is null ? null : tape.Keep(visible));
        }

        var x = embeds.alias();
        for (var i = 0; i < layers.Count; i++)
        {
            using var step = NewDisposeScope();
            step.Attach(x); // dies with this layer
            var (layer, number) = (layers[i], i);
            Tensor Run(Tensor y) => layer.Forward(y, at, visible, cache, number);
            x = (tape is { RecomputesLayers: true } ? tape.Run(x, Run) : Run(x)).MoveToOuterDisposeScope();
            afterLayer?.Invoke(i, x);
        }

        cache?.Advance(count);
        return norm.call(x).MoveToOuterDisposeScope();
    }

    // Padding does not count: a row's first real token stands at position 0 wherever the row begins.
    private static Tensor Positions(Tensor? real, long past, long count, Device device) => real is null
        ? arange(past, past + count, ScalarType.Int64, device).unsqueeze(0)
        : (real.to_type(ScalarType.Int64).cumsum(1) - 1).clamp(min: 0).narrow(1, past, count);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _rope.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>x ← x + attention(norm x); x ← x + mlp(norm x).</summary>
internal sealed class LlamaLayer : Module
{
    private readonly LlamaAttention self_attn;
    private readonly LlamaMlp mlp;
    private readonly RmsNorm input_layernorm, post_attention_layernorm;

    public LlamaLayer(WeightSource source, LlamaConfig config) : base(nameof(LlamaLayer))
    {
        self_attn = new LlamaAttention(source.At(nameof(self_attn)), config);
        mlp = new LlamaMlp(source.At(nameof(mlp)), config);
        input_layernorm = new RmsNorm(source.At(nameof(input_layernorm)), config.HiddenSize, config.RmsEpsilon);
        post_attention_layernorm = new RmsNorm(source.At(nameof(post_attention_layernorm)), config.HiddenSize, config.RmsEpsilon);
        RegisterComponents();
    }

    /// <summary>[B, S, D] → [B, S, D].</summary>
    public Tensor Forward(Tensor x, (Tensor Cos, Tensor Sin) at, Tensor? visible, KvCache? cache, int layer)
    {
        using var scope = NewDisposeScope();
        x = x + self_attn.Forward(input_layernorm.call(x), at, visible, cache, layer);
        return (x + mlp.call(post_attention_layernorm.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Causal self-attention with rotary positions; several query heads may share a key head.</summary>
internal sealed class LlamaAttention : Module
{
    private readonly Dense q_proj, k_proj, v_proj, o_proj;
    private readonly LlamaConfig _config;

    public LlamaAttention(WeightSource source, LlamaConfig config) : base(nameof(LlamaAttention))
    {
        var (width, heads, kvHeads) = (config.HiddenSize, config.Heads * config.HeadWidth, config.KvHeads * config.HeadWidth);
        q_proj = new Dense(source.At(nameof(q_proj)), width, heads, hasBias: false);
        k_proj = new Dense(source.At(nameof(k_proj)), width, kvHeads, hasBias: false);
        v_proj = new Dense(source.At(nameof(v_proj)), width, kvHeads, hasBias: false);
        o_proj = new Dense(source.At(nameof(o_proj)), heads, width, hasBias: false);
        _config = config;
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, (Tensor Cos, Tensor Sin) at, Tensor? visible, KvCache? cache, int layer)
    {
        using var scope = NewDisposeScope();
        var q = Rope.Rotate(Heads(q_proj.call(x), _config.Heads), at);   // [B, h, S, d]
        var k = Rope.Rotate(Heads(k_proj.call(x), _config.KvHeads), at); // [B, h', S, d]
        var v = Heads(v_proj.call(x), _config.KvHeads);
        if (cache is not null)
        {
            (k, v) = cache.Append(layer, k, v);
        }

        return o_proj.call(Attention.Attend(q, k, v, visible)).MoveToOuterDisposeScope();
    }

    private static Tensor Heads(Tensor x, int heads) => x.unflatten(2, heads, -1).transpose(1, 2);
}

/// <summary>down(silu(gate x) · up x).</summary>
internal sealed class LlamaMlp : Module<Tensor, Tensor>
{
    private readonly Dense gate_proj, up_proj, down_proj;

    public LlamaMlp(WeightSource source, LlamaConfig config) : base(nameof(LlamaMlp))
    {
        gate_proj = new Dense(source.At(nameof(gate_proj)), config.HiddenSize, config.IntermediateSize, hasBias: false);
        up_proj = new Dense(source.At(nameof(up_proj)), config.HiddenSize, config.IntermediateSize, hasBias: false);
        down_proj = new Dense(source.At(nameof(down_proj)), config.IntermediateSize, config.HiddenSize, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return down_proj.call(functional.silu(gate_proj.call(x)) * up_proj.call(x)).MoveToOuterDisposeScope();
    }
}
