using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>BLIP's image tower: a vision transformer whose tokens, the class token first, are all read by the text decoder.</summary>
internal sealed class BlipVision : Module
{
    private readonly BlipPatches embeddings;
    private readonly TransformerLayers encoder;
    private readonly Norm post_layernorm;

    public BlipVision(WeightSource source, BlipConfig config) : base(nameof(BlipVision))
    {
        embeddings = new BlipPatches(source.At(nameof(embeddings)), config);
        encoder = new TransformerLayers(source.At(nameof(encoder)), config.Vision);
        post_layernorm = new Norm(source.At(nameof(post_layernorm)), config.VisionWidth, config.VisionNormEpsilon);
        RegisterComponents();
    }

    /// <summary>[N, 3, H, W], normalised → [N, T, D'].</summary>
    public Tensor Forward(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return post_layernorm.call(encoder.Forward(embeddings.Forward(pixels))).MoveToOuterDisposeScope();
    }
}

/// <summary>Patches in rows behind the class token, plus learnt positions.</summary>
internal sealed class BlipPatches : Module
{
    private readonly Parameter class_embedding, position_embedding;
    private readonly Conv patch_embedding;
    private readonly int _size;

    public BlipPatches(WeightSource source, BlipConfig config) : base(nameof(BlipPatches))
    {
        class_embedding = source.Get(nameof(class_embedding), 1, 1, config.VisionWidth);
        position_embedding = source.Get(nameof(position_embedding), 1, config.ImageTokens, config.VisionWidth);
        patch_embedding = new Conv(source.At(nameof(patch_embedding)), 3, config.VisionWidth, config.PatchSize, config.PatchSize);
        _size = config.ImageSize;
        RegisterComponents();
    }

    /// <summary>[N, 3, H, W] → [N, T, D'].</summary>
    public Tensor Forward(Tensor pixels)
    {
        if (pixels.shape is not [_, 3, var height, var width] || height != _size || width != _size)
        {
            throw new ArgumentException($"expected images [N, 3, {_size}, {_size}], got [{string.Join(", ", pixels.shape)}]", nameof(pixels));
        }

        using var scope = NewDisposeScope();
        var patches = patch_embedding.call(pixels).flatten(2).transpose(1, 2); // [N, T − 1, D']
        return (cat([class_embedding.expand(pixels.shape[0], 1, -1), patches], 1) + position_embedding).MoveToOuterDisposeScope();
    }
}

/// <summary>BLIP's text decoder: a causal BERT with attention to the image tokens; its output head shares the word embeddings.</summary>
internal sealed class BlipTextDecoder : Module
{
    private readonly BlipBert bert;
    private readonly BlipHead cls;

    public BlipTextDecoder(WeightSource source, BlipConfig config) : base(nameof(BlipTextDecoder))
    {
        bert = new BlipBert(source.At(nameof(bert)), config);
        cls = new BlipHead(source.At(nameof(cls)), config);
        RegisterComponents();
    }

    /// <summary>Logits after every token.</summary>
    /// <param name="ids">int64 [N, S].</param>
    /// <param name="image">[N, T, D'].</param>
    /// <returns>[N, S, V].</returns>
    public Tensor Logits(Tensor ids, Tensor image)
    {
        using var scope = NewDisposeScope();
        return cls.Forward(bert.Forward(ids, image), bert.Words).MoveToOuterDisposeScope();
    }

    /// <summary>Logits after the last token, each layer's keys and values being kept.</summary>
    /// <param name="ids">int64 [N, S], the tokens that follow those in the cache.</param>
    /// <param name="cache">What was read before.</param>
    /// <returns>[N, V].</returns>
    public Tensor Next(Tensor ids, CaptionCache cache)
    {
        using var scope = NewDisposeScope();
        var hidden = bert.Forward(ids, cache);
        return cls.Forward(hidden.select(1, ids.shape[1] - 1), bert.Words).MoveToOuterDisposeScope();
    }

    /// <summary>Reads images once, for captions of at most <paramref name="capacity"/> tokens.</summary>
    /// <param name="image">[N, T, D'].</param>
    /// <param name="capacity">Most tokens of a caption.</param>
    public CaptionCache Read(Tensor image, long capacity) => bert.Read(image, capacity);
}

/// <summary>The decoder up to its last hidden states.</summary>
internal sealed class BlipBert : Module
{
    private readonly BertEmbeddings embeddings;
    private readonly BlipTextLayers encoder;

    public BlipBert(WeightSource source, BlipConfig config) : base(nameof(BlipBert))
    {
        embeddings = new BertEmbeddings(source.At(nameof(embeddings)), config.Text);
        encoder = new BlipTextLayers(source.At(nameof(encoder)), config);
        RegisterComponents();
    }

    /// <summary>[V, D].</summary>
    public Tensor Words => embeddings.Words;

    public Tensor Forward(Tensor ids, Tensor image)
    {
        using var scope = NewDisposeScope();
        var x = embeddings.Forward(ids);
        var mask = Attention.Causal(ids.shape[1], ids.shape[1], null, ids.device);
        foreach (var layer in encoder.Layers)
        {
            x = layer.Forward(x, layer.TextMemory(x), mask, layer.ImageMemory(image));
        }

        return x.MoveToOuterDisposeScope(); // [N, S, D]
    }

    public Tensor Forward(Tensor ids, CaptionCache cache)
    {
        using var scope = NewDisposeScope();
        var x = embeddings.Forward(ids, cache.Length);
        var mask = Attention.Causal(ids.shape[1], cache.Length + ids.shape[1], null, ids.device);
        for (var i = 0; i < encoder.Layers.Count; i++)
        {
            var layer = encoder.Layers[i];
            x = layer.Forward(x, cache.Append(i, layer.TextMemory(x)), mask, cache.Image(i));
        }

        cache.Advance(ids.shape[1]);
        return x.MoveToOuterDisposeScope(); // [N, S, D]
    }

    public CaptionCache Read(Tensor image, long capacity)
    {
        using var scope = NewDisposeScope();
        return new CaptionCache([.. encoder.Layers.Select(layer => layer.ImageMemory(image))], capacity);
    }
}

/// <summary>The layers of the decoder.</summary>
internal sealed class BlipTextLayers : Module
{
    private readonly ModuleList<BertLayer> layer;

    public BlipTextLayers(WeightSource source, BlipConfig config) : base(nameof(BlipTextLayers))
    {
        layer = new ModuleList<BertLayer>([.. Enumerable.Range(0, config.TextLayers).Select(i => new BertLayer(source.At(nameof(layer)).At(i), config.Text, config.VisionWidth))]);
        RegisterComponents();
    }

    public ModuleList<BertLayer> Layers => layer;
}

/// <summary>The output head, under the name that BERT gives it.</summary>
internal sealed class BlipHead : Module
{
    private readonly BlipPredictions predictions;

    public BlipHead(WeightSource source, BlipConfig config) : base(nameof(BlipHead))
    {
        predictions = new BlipPredictions(source.At(nameof(predictions)), config);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor words) => predictions.Forward(x, words);
}

/// <summary>Transform, then the word embeddings as output matrix.</summary>
internal sealed class BlipPredictions : Module
{
    private readonly BlipTransform transform;
    private readonly Parameter bias;

    public BlipPredictions(WeightSource source, BlipConfig config) : base(nameof(BlipPredictions))
    {
        transform = new BlipTransform(source.At(nameof(transform)), config);
        bias = source.Get(nameof(bias), config.Vocabulary);
        RegisterComponents();
    }

    /// <summary>[…, D] and the words [V, D] → […, V].</summary>
    public Tensor Forward(Tensor x, Tensor words)
    {
        using var scope = NewDisposeScope();
        return functional.linear(transform.call(x), words, bias).MoveToOuterDisposeScope();
    }
}

/// <summary>norm(gelu(W x)).</summary>
internal sealed class BlipTransform : Module<Tensor, Tensor>
{
    private readonly Dense dense;
    private readonly Norm LayerNorm;

    public BlipTransform(WeightSource source, BlipConfig config) : base(nameof(BlipTransform))
    {
        dense = new Dense(source.At(nameof(dense)), config.TextWidth, config.TextWidth);
        LayerNorm = new Norm(source.At(nameof(LayerNorm)), config.TextWidth, config.TextNormEpsilon);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return LayerNorm.call(functional.gelu(dense.call(x))).MoveToOuterDisposeScope();
    }
}
