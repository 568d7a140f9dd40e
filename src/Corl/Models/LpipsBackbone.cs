using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>The convolutional networks that <see cref="Lpips"/> can look through.</summary>
public enum LpipsNet
{
    /// <summary>torchvision's alexnet.</summary>
    AlexNet,

    /// <summary>torchvision's vgg16 (without batch normalisation), which the CoRL reward uses.</summary>
    Vgg16,

    /// <summary>torchvision's squeezenet1_1.</summary>
    SqueezeNet,

    /// <summary>Four or so 3×3 convolutions with pooling between them, for images as small as those of the Shapes world.</summary>
    Small,
}

/// <summary>
/// The features of a convolutional network at several depths. The keys are torchvision's: <c>features.{index}.weight</c>, the index
/// counting the activations and pools too.
/// </summary>
public sealed class LpipsBackbone : Module<Tensor, IReadOnlyList<Tensor>>
{
    private readonly ModuleList<Module<Tensor, Tensor>> features;
    private readonly int[] _ends; // after how many layers each slice ends

    private LpipsBackbone(LpipsNet net, Stack stack) : base(nameof(LpipsBackbone))
    {
        Net = net;
        Widths = [.. stack.Widths];
        features = new ModuleList<Module<Tensor, Tensor>>([.. stack.Layers]);
        _ends = [.. stack.Ends];
        Smallest = stack.Smallest;
        RegisterComponents();
    }

    /// <summary>Which network this is.</summary>
    public LpipsNet Net { get; }

    /// <summary>Channels C of each slice.</summary>
    public IReadOnlyList<long> Widths { get; }

    /// <summary>The smallest height and width of an image of which something is left at every depth.</summary>
    public int Smallest { get; }

    /// <summary>One of torchvision's networks, as LPIPS cuts it into slices (Zhang et al. 2018, version 0.1 of its package).</summary>
    public static LpipsBackbone Create(LpipsNet net, WeightSource source)
    {
        var x = new Stack(source.At(nameof(features)));
        return new LpipsBackbone(net, net switch
        {
            LpipsNet.AlexNet => x.Conv(64, 11, 4, 2).Cut().Pool(3).Conv(192, 5, 1, 2).Cut().Pool(3).Conv(384).Cut().Conv(256).Cut().Conv(256).Cut(),
            LpipsNet.Vgg16 => x.Conv(64).Conv(64).Cut().Pool(2).Conv(128).Conv(128).Cut().Pool(2).Conv(256).Conv(256).Conv(256).Cut()
                .Pool(2).Conv(512).Conv(512).Conv(512).Cut().Pool(2).Conv(512).Conv(512).Conv(512).Cut(),
            LpipsNet.SqueezeNet => x.Conv(64, 3, 2, 0).Cut().CeilPool(3).Fire(16, 64).Fire(16, 64).Cut().CeilPool(3).Fire(32, 128).Fire(32, 128).Cut()
                .CeilPool(3).Fire(48, 192).Cut().Fire(48, 192).Cut().Fire(64, 256).Cut().Fire(64, 256).Cut(),
            _ => throw new ArgumentOutOfRangeException(nameof(net), net, $"use {nameof(CreateSmall)}, which asks for the widths"),
        });
    }

    /// <summary>3×3 convolutions with ReLU, a 2×2 max-pool between each two; every convolution is a slice.</summary>
    /// <param name="widths">Channels of each convolution.</param>
    /// <param name="source">Gives the parameters.</param>
    public static LpipsBackbone CreateSmall(IReadOnlyList<long> widths, WeightSource source)
    {
        var stack = new Stack(source.At(nameof(features)));
        for (var i = 0; i < widths.Count; i++)
        {
            stack = (i == 0 ? stack : stack.Pool(2)).Conv(widths[i]).Cut();
        }

        return new LpipsBackbone(LpipsNet.Small, stack);
    }

    /// <summary>[N, 3, H, W] → the slices in order, each [N, C, H', W'], after the activation.</summary>
    public override IReadOnlyList<Tensor> forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var slices = new Tensor[_ends.Length];
        for (int i = 0, slice = 0; i < features.Count; i++)
        {
            x = features[i].call(x);
            if (i + 1 == _ends[slice])
            {
                slices[slice++] = x;
            }
        }

        scope.MoveToOuter(slices);
        return slices;
    }

    /// <summary>Collects layers, counting channels and indices.</summary>
    private sealed class Stack(WeightSource source)
    {
        private readonly List<(long Kernel, long Stride, long Padding)> _windows = [];
        private long _width = 3; // RGB

        public List<Module<Tensor, Tensor>> Layers { get; } = [];

        public List<int> Ends { get; } = [];

        public List<long> Widths { get; } = [];

        // From one pixel at the end back to the image.
        public int Smallest => (int)Enumerable.Reverse(_windows).Aggregate(1L, (size, window) => Math.Max(1, ((size - 1) * window.Stride) + window.Kernel - (2 * window.Padding)));

        public Stack Conv(long width, long kernel = 3, long stride = 1, long padding = 1)
        {
            _windows.Add((kernel, stride, padding));
            return Add(new Conv(source.At(Layers.Count), _width, width, kernel, stride, padding), width).Add(ReLU(inplace: true), width);
        }

        public Stack Pool(long kernel, bool ceil = false)
        {
            _windows.Add((kernel, 2, 0));
            return Add(MaxPool2d(kernel, 2, ceil_mode: ceil), _width);
        }

        public Stack CeilPool(long kernel) => Pool(kernel, ceil: true);

        public Stack Fire(long squeeze, long expand) => Add(new FireBlock(source.At(Layers.Count), _width, squeeze, expand), 2 * expand);

        public Stack Cut()
        {
            Ends.Add(Layers.Count);
            Widths.Add(_width);
            return this;
        }

        private Stack Add(Module<Tensor, Tensor> layer, long width)
        {
            Layers.Add(layer);
            _width = width;
            return this;
        }
    }

    /// <summary>SqueezeNet's module: 1×1 to few channels, then 1×1 and 3×3 side by side.</summary>
    private sealed class FireBlock : Module<Tensor, Tensor>
    {
        private readonly Conv squeeze, expand1x1, expand3x3;

        public FireBlock(WeightSource source, long input, long few, long many) : base(nameof(FireBlock))
        {
            squeeze = new Conv(source.At(nameof(squeeze)), input, few, 1);
            expand1x1 = new Conv(source.At(nameof(expand1x1)), few, many, 1);
            expand3x3 = new Conv(source.At(nameof(expand3x3)), few, many, 3, padding: 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var few = functional.relu(squeeze.call(x));
            return cat([functional.relu(expand1x1.call(few)), functional.relu(expand3x3.call(few))], 1).MoveToOuterDisposeScope();
        }
    }
}
