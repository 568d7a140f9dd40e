using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>The understanding path's image tower (SigLIP), under the name that Janus gives it.</summary>
internal sealed class VisionModel : Module
{
    private readonly SiglipTower vision_tower;

    public VisionModel(WeightSource source, VisionConfig config) : base(nameof(VisionModel))
    {
        vision_tower = new SiglipTower(source.At(nameof(vision_tower)), config);
        RegisterComponents();
    }

    /// <summary>[M, 3, H, W] → [M, I, W'], I patches in rows.</summary>
    public Tensor Forward(Tensor pixels, Action<int, Tensor>? afterBlock = null) => vision_tower.Forward(pixels, afterBlock);
}

/// <summary>Vision transformer without class token; its output is taken after the last norm, the pooling head is carried along unused.</summary>
internal sealed class SiglipTower : Module
{
    private readonly PatchEmbedding patch_embed;
    private readonly Parameter pos_embed;
    private readonly ModuleList<SiglipBlock> blocks;
    private readonly Norm norm;
    private readonly AttentionPool? attn_pool;
    private readonly VisionConfig _config;

    public SiglipTower(WeightSource source, VisionConfig config) : base(nameof(SiglipTower))
    {
        patch_embed = new PatchEmbedding(source.At(nameof(patch_embed)), config);
        pos_embed = source.Get(nameof(pos_embed), 1, config.Tokens, config.Width);
        blocks = new ModuleList<SiglipBlock>([.. Enumerable.Range(0, config.Layers).Select(i => new SiglipBlock(source.At(nameof(blocks)).At(i), config))]);
        norm = new Norm(source.At(nameof(norm)), config.Width, config.NormEpsilon);
        attn_pool = config.HasPool ? new AttentionPool(source.At(nameof(attn_pool)), config) : null;
        _config = config;
        RegisterComponents();
    }

    /// <param name="pixels">[M, 3, H, W].</param>
    /// <param name="afterBlock">Sees the embeddings as −1 and each block's output.</param>
    public Tensor Forward(Tensor pixels, Action<int, Tensor>? afterBlock)
    {
        if (pixels.shape[2] != _config.ImageSize || pixels.shape[3] != _config.ImageSize)
        {
            throw new ArgumentException($"the image tower reads {_config.ImageSize} x {_config.ImageSize} pixels, got {pixels.shape[2]} x {pixels.shape[3]}", nameof(pixels));
        }

        using var scope = NewDisposeScope();
        var x = patch_embed.call(pixels) + pos_embed;
        afterBlock?.Invoke(-1, x);
        for (var i = 0; i < blocks.Count; i++)
        {
            x = blocks[i].call(x);
            afterBlock?.Invoke(i, x);
        }

        return norm.call(x).MoveToOuterDisposeScope();
    }
}

/// <summary>A convolution that cuts the image into patches, in rows.</summary>
internal sealed class PatchEmbedding : Module<Tensor, Tensor>
{
    private readonly Conv proj;

    public PatchEmbedding(WeightSource source, VisionConfig config) : base(nameof(PatchEmbedding))
    {
        proj = new Conv(source.At(nameof(proj)), 3, config.Width, config.PatchSize, stride: config.PatchSize);
        RegisterComponents();
    }

    /// <summary>[M, 3, H, W] → [M, I, W'].</summary>
    public override Tensor forward(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return proj.call(pixels).flatten(2).transpose(1, 2).MoveToOuterDisposeScope();
    }
}

/// <summary>Pre-norm transformer block, bidirectional.</summary>
internal sealed class SiglipBlock : Module<Tensor, Tensor>
{
    private readonly Norm norm1, norm2;
    private readonly SiglipAttention attn;
    private readonly SiglipMlp mlp;

    public SiglipBlock(WeightSource source, VisionConfig config) : base(nameof(SiglipBlock))
    {
        norm1 = new Norm(source.At(nameof(norm1)), config.Width, config.NormEpsilon);
        attn = new SiglipAttention(source.At(nameof(attn)), config);
        norm2 = new Norm(source.At(nameof(norm2)), config.Width, config.NormEpsilon);
        mlp = new SiglipMlp(source.At(nameof(mlp)), config);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x + attn.call(norm1.call(x));
        return (x + mlp.call(norm2.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Self-attention whose one matrix holds the rows of q, k and v.</summary>
internal sealed class SiglipAttention : Module<Tensor, Tensor>
{
    private readonly Dense qkv, proj;
    private readonly int _heads;

    public SiglipAttention(WeightSource source, VisionConfig config) : base(nameof(SiglipAttention))
    {
        qkv = new Dense(source.At(nameof(qkv)), config.Width, 3 * config.Width);
        proj = new Dense(source.At(nameof(proj)), config.Width, config.Width);
        _heads = config.Heads;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var parts = qkv.call(x).view(x.shape[0], x.shape[1], 3, _heads, -1).permute(2, 0, 3, 1, 4).unbind(0); // each [M, h, I, d]
        return proj.call(Attention.Attend(parts[0], parts[1], parts[2])).MoveToOuterDisposeScope();
    }
}

/// <summary>fc2(gelu(fc1 x)), the exact GELU.</summary>
internal sealed class SiglipMlp : Module<Tensor, Tensor>
{
    private readonly Dense fc1, fc2;

    public SiglipMlp(WeightSource source, VisionConfig config) : base(nameof(SiglipMlp))
    {
        fc1 = new Dense(source.At(nameof(fc1)), config.Width, config.MlpWidth);
        fc2 = new Dense(source.At(nameof(fc2)), config.MlpWidth, config.Width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return fc2.call(functional.gelu(fc1.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>The tower's pooling head: Janus never runs it, its files carry it, so a checkpoint goes out as it came in.</summary>
internal sealed class AttentionPool : Module
{
    private readonly Parameter latent;
    private readonly Dense q, kv, proj;
    private readonly Norm norm;
    private readonly SiglipMlp mlp;

    public AttentionPool(WeightSource source, VisionConfig config) : base(nameof(AttentionPool))
    {
        latent = source.Get(nameof(latent), 1, 1, config.Width);
        q = new Dense(source.At(nameof(q)), config.Width, config.Width);
        kv = new Dense(source.At(nameof(kv)), config.Width, 2 * config.Width);
        proj = new Dense(source.At(nameof(proj)), config.Width, config.Width);
        norm = new Norm(source.At(nameof(norm)), config.Width, config.NormEpsilon);
        mlp = new SiglipMlp(source.At(nameof(mlp)), config);
        RegisterComponents();
    }
}
