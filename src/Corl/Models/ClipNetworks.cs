using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>CLIP's image tower: a vision transformer read at its class token.</summary>
internal sealed class ClipVision : Module
{
    private readonly ClipPatches embeddings;
    private readonly Norm pre_layrnorm, post_layernorm; // the first is misspelt in every checkpoint
    private readonly TransformerLayers encoder;

    public ClipVision(WeightSource source, ClipConfig config) : base(nameof(ClipVision))
    {
        embeddings = new ClipPatches(source.At(nameof(embeddings)), config);
        pre_layrnorm = new Norm(source.At(nameof(pre_layrnorm)), config.Vision.Width, config.Vision.NormEpsilon);
        encoder = new TransformerLayers(source.At(nameof(encoder)), config.Vision);
        post_layernorm = new Norm(source.At(nameof(post_layernorm)), config.Vision.Width, config.Vision.NormEpsilon);
        RegisterComponents();
    }

    /// <summary>[N, 3, H, W], normalised → [N, T, D'].</summary>
    public Tensor Tokens(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return encoder.Forward(pre_layrnorm.call(embeddings.Forward(pixels))).MoveToOuterDisposeScope();
    }

    /// <summary>[N, 3, H, W], normalised → [N, D'].</summary>
    public Tensor Forward(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return post_layernorm.call(Tokens(pixels).select(1, 0)).MoveToOuterDisposeScope();
    }
}

/// <summary>Patches in rows behind the class token, plus learnt positions.</summary>
internal sealed class ClipPatches : Module
{
    private readonly Parameter class_embedding;
    private readonly Conv patch_embedding;
    private readonly Table position_embedding;
    private readonly int _size;

    public ClipPatches(WeightSource source, ClipConfig config) : base(nameof(ClipPatches))
    {
        class_embedding = source.Get(nameof(class_embedding), config.Vision.Width);
        patch_embedding = new Conv(source.At(nameof(patch_embedding)), 3, config.Vision.Width, config.PatchSize, config.PatchSize, hasBias: false);
        position_embedding = new Table(source.At(nameof(position_embedding)), config.ImageTokens, config.Vision.Width);
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
        return (cat([class_embedding.expand(pixels.shape[0], 1, -1), patches], 1) + position_embedding.Weight).MoveToOuterDisposeScope();
    }
}

/// <summary>CLIP's text tower: a causal transformer read where the text ends.</summary>
internal sealed class ClipText : Module
{
    private readonly ClipWords embeddings;
    private readonly TransformerLayers encoder;
    private readonly Norm final_layer_norm;
    private readonly int? _end;

    public ClipText(WeightSource source, ClipConfig config) : base(nameof(ClipText))
    {
        embeddings = new ClipWords(source.At(nameof(embeddings)), config);
        encoder = new TransformerLayers(source.At(nameof(encoder)), config.Text);
        final_layer_norm = new Norm(source.At(nameof(final_layer_norm)), config.Text.Width, config.Text.NormEpsilon);
        _end = config.End;
        RegisterComponents();
    }

    /// <summary>int64 [N, S] → [N, S, D]. Padding stands behind the text, where causality hides it.</summary>
    public Tensor Tokens(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var mask = Attention.Causal(ids.shape[1], ids.shape[1], null, ids.device);
        return final_layer_norm.call(encoder.Forward(embeddings.Forward(ids), mask)).MoveToOuterDisposeScope();
    }

    /// <summary>int64 [N, S] → [N, D], the state at the end of each text.</summary>
    public Tensor Forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        // The end token has the highest id of all; argmax gives the first of several.
        var place = (_end is { } end ? ids.eq(end).to_type(ScalarType.Int64) : ids).argmax(1);
        var tokens = Tokens(ids);
        var index = place.view(-1, 1, 1).expand(-1, 1, tokens.shape[2]);
        return tokens.gather(1, index).squeeze(1).MoveToOuterDisposeScope();
    }
}

/// <summary>Token and position embeddings.</summary>
internal sealed class ClipWords : Module
{
    private readonly Table token_embedding, position_embedding;

    public ClipWords(WeightSource source, ClipConfig config) : base(nameof(ClipWords))
    {
        token_embedding = new Table(source.At(nameof(token_embedding)), config.Vocabulary, config.Text.Width);
        position_embedding = new Table(source.At(nameof(position_embedding)), config.Context, config.Text.Width);
        RegisterComponents();
    }

    /// <summary>int64 [N, S] → [N, S, D].</summary>
    public Tensor Forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return (token_embedding.call(ids) + position_embedding.Weight.narrow(0, 0, ids.shape[1])).MoveToOuterDisposeScope();
    }
}
