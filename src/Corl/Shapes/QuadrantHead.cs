using Corl.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>Classifies each quadrant of 4 × 4 features.</summary>
internal sealed class QuadrantHead : Module
{
    private readonly Dense _classes;

    public QuadrantHead(WeightSource source, long input, long classes) : base(nameof(QuadrantHead))
    {
        _classes = new Dense(source.At("head"), input, classes);
        RegisterComponents();
    }

    /// <summary>[N, C, 4, 4] → [N·4, classes], the quadrants in the order of the cells.</summary>
    public Tensor Forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        var (count, channels) = (features.shape[0], features.shape[1]);
        var quadrants = features.view(count, channels, 2, 2, 2, 2).permute(0, 2, 4, 1, 3, 5); // [N, row, column, C, 2, 2]
        return _classes.call(quadrants.reshape(count * World.Cells, channels * World.Cells)).MoveToOuterDisposeScope();
    }
}
