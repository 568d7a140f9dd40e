using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>The VQ tokenizer of images (the design of LlamaGen's VQ-16): pixels ↔ a grid of codes. Codes are unit vectors.</summary>
internal sealed class VqModel : Module
{
    private const double NormEpsilon = 1e-12; // of the unit vectors, torch's default for normalize
    private readonly VqEncoder encoder;
    private readonly VqDecoder decoder;
    private readonly Codebook quantize;
    private readonly Conv quant_conv, post_quant_conv;

    public VqModel(WeightSource source, VqConfig config) : base(nameof(VqModel))
    {
        encoder = new VqEncoder(source.At(nameof(encoder)), config);
        decoder = new VqDecoder(source.At(nameof(decoder)), config);
        quantize = new Codebook(source.At(nameof(quantize)), config);
        quant_conv = new Conv(source.At(nameof(quant_conv)), config.LatentChannels, config.CodeWidth, kernel: 1);
        post_quant_conv = new Conv(source.At(nameof(post_quant_conv)), config.CodeWidth, config.LatentChannels, kernel: 1);
        RegisterComponents();
    }

    /// <summary>The code table as stored, [C, 8].</summary>
    public Tensor Table => quantize.Table;

    /// <summary>[N, 3, H, W] → unit latents [N, 8, h, w].</summary>
    public Tensor Latents(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return functional.normalize(Raw(pixels), p: 2, dim: 1, eps: NormEpsilon).MoveToOuterDisposeScope();
    }

    /// <summary>[N, 3, H, W] → latents before they become unit vectors, [N, 8, h, w].</summary>
    public Tensor Raw(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return quant_conv.call(encoder.Forward(pixels)).MoveToOuterDisposeScope();
    }

    /// <summary>The nearest code of each unit latent: [N, 8, h, w] → int64 [N, h·w] in raster order.</summary>
    public Tensor Nearest(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var rows = latents.permute(0, 2, 3, 1).flatten(1, 2); // [N, h·w, 8]
        return rows.matmul(UnitTable().t()).argmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>int64 [N, I] → unit vectors [N, 8, h, w].</summary>
    public Tensor Quantized(Tensor codes)
    {
        using var scope = NewDisposeScope();
        var side = VqConfig.GridSide(codes.shape[1]);
        return UnitTable().index_select(0, codes.reshape(-1)).view(codes.shape[0], side, side, -1).permute(0, 3, 1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>[N, 8, h, w] → [N, 3, H, W].</summary>
    public Tensor Decode(Tensor quantized)
    {
        using var scope = NewDisposeScope();
        return decoder.Forward(post_quant_conv.call(quantized)).MoveToOuterDisposeScope();
    }

    private Tensor UnitTable() => functional.normalize(quantize.Table, p: 2, dim: -1, eps: NormEpsilon);
}

/// <summary>The table of codes.</summary>
internal sealed class Codebook : Module
{
    private readonly Table embedding;

    public Codebook(WeightSource source, VqConfig config) : base(nameof(Codebook))
    {
        embedding = new Table(source.At(nameof(embedding)), config.Codes, config.CodeWidth);
        RegisterComponents();
    }

    public Tensor Table => embedding.Weight;
}

/// <summary>Pixels to latents; a stage per resolution, highest first.</summary>
internal sealed class VqEncoder : Module
{
    private readonly Conv conv_in, conv_out;
    private readonly ModuleList<VqStage> conv_blocks;
    private readonly VqMiddle mid;
    private readonly GroupNorm norm_out;

    public VqEncoder(WeightSource source, VqConfig config) : base(nameof(VqEncoder))
    {
        var (channels, last) = (config.Channels, config.Multipliers.Count - 1);
        conv_in = new Conv(source.At(nameof(conv_in)), 3, channels, kernel: 3, padding: 1);
        conv_blocks = new ModuleList<VqStage>();
        for (var i = 0; i <= last; i++)
        {
            var output = config.Channels * config.Multipliers[i];
            conv_blocks.Add(new VqStage(source.At(nameof(conv_blocks)).At(i), channels, output, config.ResidualBlocks, attention: i == last, down: i < last, up: false));
            channels = output;
        }

        mid = new VqMiddle(source.At(nameof(mid)), channels);
        norm_out = new GroupNorm(source.At(nameof(norm_out)), channels);
        conv_out = new Conv(source.At(nameof(conv_out)), channels, config.LatentChannels, kernel: 3, padding: 1);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = conv_blocks.Aggregate(conv_in.call(x), (y, stage) => stage.call(y));
        return conv_out.call(functional.silu(norm_out.call(mid.Forward(x)))).MoveToOuterDisposeScope();
    }
}

/// <summary>Latents to pixels; a stage per resolution, lowest first.</summary>
internal sealed class VqDecoder : Module
{
    private readonly Conv conv_in, conv_out;
    private readonly VqMiddle mid;
    private readonly ModuleList<VqStage> conv_blocks;
    private readonly GroupNorm norm_out;

    public VqDecoder(WeightSource source, VqConfig config) : base(nameof(VqDecoder))
    {
        var last = config.Multipliers.Count - 1;
        var channels = config.Channels * config.Multipliers[last];
        conv_in = new Conv(source.At(nameof(conv_in)), config.LatentChannels, channels, kernel: 3, padding: 1);
        mid = new VqMiddle(source.At(nameof(mid)), channels);
        conv_blocks = new ModuleList<VqStage>();
        for (var i = 0; i <= last; i++)
        {
            var output = config.Channels * config.Multipliers[last - i];
            conv_blocks.Add(new VqStage(source.At(nameof(conv_blocks)).At(i), channels, output, config.ResidualBlocks + 1, attention: i == 0, down: false, up: i < last));
            channels = output;
        }

        norm_out = new GroupNorm(source.At(nameof(norm_out)), channels);
        conv_out = new Conv(source.At(nameof(conv_out)), channels, 3, kernel: 3, padding: 1);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = conv_blocks.Aggregate(mid.Forward(conv_in.call(x)), (y, stage) => stage.call(y));
        return conv_out.call(functional.silu(norm_out.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Residual blocks of one resolution, attention after each where asked, then a change of resolution.</summary>
internal sealed class VqStage : Module<Tensor, Tensor>
{
    private readonly ModuleList<VqResidual> res;
    private readonly ModuleList<VqAttention>? attn;
    private readonly VqResample? downsample, upsample;

    public VqStage(WeightSource source, long input, long output, int blocks, bool attention, bool down, bool up) : base(nameof(VqStage))
    {
        res = new ModuleList<VqResidual>([.. Enumerable.Range(0, blocks).Select(i => new VqResidual(source.At(nameof(res)).At(i), i == 0 ? input : output, output))]);
        attn = attention ? new ModuleList<VqAttention>([.. Enumerable.Range(0, blocks).Select(i => new VqAttention(source.At(nameof(attn)).At(i), output))]) : null;
        downsample = down ? new VqResample(source.At(nameof(downsample)), output, up: false) : null;
        upsample = up ? new VqResample(source.At(nameof(upsample)), output, up: true) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < res.Count; i++)
        {
            x = res[i].call(x);
            x = attn is null ? x : attn[i].call(x);
        }

        return ((downsample ?? upsample)?.call(x) ?? x).MoveToOuterDisposeScope();
    }
}

/// <summary>Residual, attention, residual at the lowest resolution.</summary>
internal sealed class VqMiddle : Module
{
    private readonly ModuleList<Module<Tensor, Tensor>> mid;

    public VqMiddle(WeightSource source, long channels) : base(nameof(VqMiddle))
    {
        mid = new ModuleList<Module<Tensor, Tensor>>(new VqResidual(source.At(0), channels, channels), new VqAttention(source.At(1), channels), new VqResidual(source.At(2), channels, channels));
        for (var i = 0; i < mid.Count; i++)
        {
            register_module($"{i}", mid[i]); // the checkpoint numbers the three without a name between
        }
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return mid.Aggregate(x, (y, block) => block.call(y)).MoveToOuterDisposeScope();
    }
}

/// <summary>conv2(swish(norm2(conv1(swish(norm1 x))))) + shortcut.</summary>
internal sealed class VqResidual : Module<Tensor, Tensor>
{
    private readonly GroupNorm norm1, norm2;
    private readonly Conv conv1, conv2;
    private readonly Conv? nin_shortcut;

    public VqResidual(WeightSource source, long input, long output) : base(nameof(VqResidual))
    {
        norm1 = new GroupNorm(source.At(nameof(norm1)), input);
        conv1 = new Conv(source.At(nameof(conv1)), input, output, kernel: 3, padding: 1);
        norm2 = new GroupNorm(source.At(nameof(norm2)), output);
        conv2 = new Conv(source.At(nameof(conv2)), output, output, kernel: 3, padding: 1);
        nin_shortcut = input == output ? null : new Conv(source.At(nameof(nin_shortcut)), input, output, kernel: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = conv1.call(functional.silu(norm1.call(x)));
        y = conv2.call(functional.silu(norm2.call(y)));
        return ((nin_shortcut?.call(x) ?? x) + y).MoveToOuterDisposeScope();
    }
}

/// <summary>x + attention of every position to every other, one head.</summary>
internal sealed class VqAttention : Module<Tensor, Tensor>
{
    private readonly GroupNorm norm;
    private readonly Conv q, k, v, proj_out;

    public VqAttention(WeightSource source, long channels) : base(nameof(VqAttention))
    {
        norm = new GroupNorm(source.At(nameof(norm)), channels);
        q = new Conv(source.At(nameof(q)), channels, channels, kernel: 1);
        k = new Conv(source.At(nameof(k)), channels, channels, kernel: 1);
        v = new Conv(source.At(nameof(v)), channels, channels, kernel: 1);
        proj_out = new Conv(source.At(nameof(proj_out)), channels, channels, kernel: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var normal = norm.call(x);
        Tensor Rows(Conv conv) => conv.call(normal).flatten(2).transpose(1, 2).unsqueeze(1); // [N, 1, H·W, C]
        var y = Attention.Attend(Rows(q), Rows(k), Rows(v)).transpose(1, 2).reshape(x.shape);
        return (x + proj_out.call(y)).MoveToOuterDisposeScope();
    }
}

/// <summary>Halves the resolution (stride 2 after one row of zeros right and below) or doubles it (nearest, then a convolution).</summary>
internal sealed class VqResample : Module<Tensor, Tensor>
{
    private readonly Conv conv;
    private readonly bool _up;

    public VqResample(WeightSource source, long channels, bool up) : base(nameof(VqResample))
    {
        conv = new Conv(source.At(nameof(conv)), channels, channels, kernel: 3, stride: up ? 1 : 2, padding: up ? 1 : 0);
        _up = up;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var ready = _up
            ? functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest)
            : functional.pad(x, [0, 1, 0, 1]);
        return conv.call(ready).MoveToOuterDisposeScope();
    }
}
