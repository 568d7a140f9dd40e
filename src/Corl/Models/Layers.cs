using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>y = x·Wᵀ + b.</summary>
internal sealed class Dense : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter? bias;

    public Dense(WeightSource source, long input, long output, bool hasBias = true) : base(nameof(Dense))
    {
        weight = source.Get(nameof(weight), output, input);
        bias = hasBias ? source.Get(nameof(bias), output) : null;
        RegisterComponents();
    }

    /// <summary>[output, input].</summary>
    public Tensor Weight => weight;

    /// <summary>[output], or null.</summary>
    public Tensor? Bias => bias;

    /// <summary>Low-rank updates of some or all rows; null without an adapter.</summary>
    public LoraUpdate[]? Updates { get; set; }

    /// <summary>[…, input] → […, output].</summary>
    public override Tensor forward(Tensor x) => Updates is null ? functional.linear(x, weight, bias) : LoraUpdate.Linear(Updates, x, weight, bias);
}

/// <summary>Rows of a table by index.</summary>
internal sealed class Table : Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    public Table(WeightSource source, long rows, long width) : base(nameof(Table))
    {
        weight = source.Get(nameof(weight), rows, width);
        RegisterComponents();
    }

    /// <summary>[rows, width].</summary>
    public Tensor Weight => weight;

    /// <summary>The low-rank update; null without an adapter.</summary>
    public LoraUpdate? Update { get; set; }

    /// <summary>int64 […] → […, width].</summary>
    public override Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var flat = ids.reshape(-1);
        var rows = Update is null ? weight.index_select(0, flat) : Update.Rows(flat, weight);
        return rows.view([.. ids.shape, weight.shape[1]]).MoveToOuterDisposeScope();
    }
}

/// <summary>Layer normalisation over the last axis.</summary>
internal sealed class Norm : Module<Tensor, Tensor>
{
    private readonly Parameter weight, bias;
    private readonly double _epsilon;

    public Norm(WeightSource source, long width, double epsilon) : base(nameof(Norm))
    {
        weight = source.Get(nameof(weight), width);
        bias = source.Get(nameof(bias), width);
        _epsilon = epsilon;
        RegisterComponents();
    }

    /// <summary>[…, width] → the same.</summary>
    public override Tensor forward(Tensor x) => functional.layer_norm(x, [weight.shape[0]], weight, bias, _epsilon);
}

/// <summary>x · rsqrt(mean x² + ε) in float32, cast back, times the weight.</summary>
internal sealed class RmsNorm : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double _epsilon;

    public RmsNorm(WeightSource source, long width, double epsilon) : base(nameof(RmsNorm))
    {
        weight = source.Get(nameof(weight), width);
        _epsilon = epsilon;
        RegisterComponents();
    }

    /// <summary>[…, width] → the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scale = (wide.square().mean([-1], keepdim: true) + _epsilon).rsqrt_();
        return (weight * (wide * scale).to_type(x.dtype)).MoveToOuterDisposeScope();
    }
}

/// <summary>Group normalisation of images.</summary>
internal sealed class GroupNorm : Module<Tensor, Tensor>
{
    private const long Groups = 32;        // of every Janus VQ model
    private const double Epsilon = 1e-6;
    private readonly Parameter weight, bias;

    public GroupNorm(WeightSource source, long channels) : base(nameof(GroupNorm))
    {
        weight = source.Get(nameof(weight), channels);
        bias = source.Get(nameof(bias), channels);
        RegisterComponents();
    }

    /// <summary>[N, C, H, W] → the same.</summary>
    public override Tensor forward(Tensor x)
    {
        if (!is_grad_enabled())
        {
            return functional.group_norm(x, Groups, weight, bias, Epsilon);
        }

        // The same function; on a CPU the backward of layer_norm is several times faster than that of group_norm.
        using var scope = NewDisposeScope();
        var (n, c) = (x.shape[0], x.shape[1]);
        var groups = x.reshape(n * Groups, -1); // [N·32, C/32·H·W]
        var normal = functional.layer_norm(groups, [groups.shape[1]], null, null, Epsilon).view(x.shape);
        return ((normal * weight.view(1, c, 1, 1)) + bias.view(1, c, 1, 1)).MoveToOuterDisposeScope();
    }
}

/// <summary>Square convolution.</summary>
internal sealed class Conv : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly long[] _stride, _padding;

    public Conv(WeightSource source, long input, long output, long kernel, long stride = 1, long padding = 0, bool hasBias = true) : base(nameof(Conv))
    {
        weight = source.Get(nameof(weight), output, input, kernel, kernel);
        bias = hasBias ? source.Get(nameof(bias), output) : null;
        (_stride, _padding) = ([stride, stride], [padding, padding]);
        RegisterComponents();
    }

    /// <summary>[N, input, H, W] → [N, output, H', W'].</summary>
    public override Tensor forward(Tensor x) => functional.conv2d(x, weight, bias, _stride, _padding);
}

/// <summary>The <c>mlp_gelu</c> projector: Linear, then (GELU, Linear) until <c>depth</c> linears.</summary>
internal sealed class Projector : Module<Tensor, Tensor>
{
    private readonly ModuleList<Module<Tensor, Tensor>> layers;

    public Projector(WeightSource source, long input, long output, int depth) : base(nameof(Projector))
    {
        layers = new ModuleList<Module<Tensor, Tensor>>();
        for (var i = 0; i < depth; i++)
        {
            if (i > 0)
            {
                layers.Add(GELU()); // the odd places of the checkpoint's list
            }

            layers.Add(new Dense(source.At("layers").At(2 * i), i == 0 ? input : output, output));
        }

        RegisterComponents();
    }

    /// <summary>[…, input] → […, output].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return layers.Aggregate(x, (y, layer) => layer.call(y)).MoveToOuterDisposeScope();
    }
}
