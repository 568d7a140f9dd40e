using Corl.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>
/// Trains the network that LPIPS looks through in the Shapes world: four small convolutions that learn to name colour and shape of each
/// quadrant. Its head serves the training only. The distance weighs all channels alike.
/// </summary>
internal sealed class PerceptualTraining : IDisposable
{
    private const int Batch = 48;
    private const int Quadrants = 4;

    // Of every channel of LPIPS: with it the distances to one real image, mostly layout noise here, spread as those of real LPIPS do
    // within a group (.035), and do not drown the caption's score.
    private const float ChannelWeight = 0.25f;
    private static readonly long[] Widths = [16, 32, 48, 64];
    private static readonly int ColorClasses = World.ColorNames.Length + 1; // and none
    private static readonly int ShapeClasses = World.ShapeNames.Length + 1;
    private readonly LpipsBackbone _network;
    private readonly QuadrantHead _head;
    private readonly ShapesPool _pool;
    private readonly ulong _seed;

    /// <summary>Prepares the training of a new network.</summary>
    public PerceptualTraining(ShapesPool pool, ulong seed = 0)
    {
        (_pool, _seed) = (pool, seed);
        var start = InitialWeights.FanIn(seed, Math.Sqrt(2)); // before ReLUs
        _network = LpipsBackbone.CreateSmall(Widths, start);
        _head = new QuadrantHead(start, Widths[^1] * Quadrants, ColorClasses + ShapeClasses);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Dispose();
        _head.Dispose();
    }

    /// <summary>Length and learning rates.</summary>
    public static readonly CosineSchedule Schedule = new(2e-3, Steps: 600, WarmUp: 100, Floor: 0.05);

    /// <summary>The training.</summary>
    public TrainingPhase Phase(CosineSchedule schedule) => new(
        "perceptual",
        schedule,
        [.. _network.named_parameters().Concat(_head.named_parameters())],
        step =>
        {
            using var scope = NewDisposeScope();
            var loss = Loss(step);
            loss.backward();
            return loss.item<float>();
        })
    {
        Betas = (0.9, 0.999),
    };

    /// <summary>The distance over the network; takes the network over.</summary>
    public Lpips Metric()
    {
        using var scope = NewDisposeScope();
        return new Lpips(_network, [.. Widths.Select(width => full(width, ChannelWeight / Widths.Length))], LpipsEpsilon.Package);
    }

    private Tensor Loss(int step)
    {
        using var scope = NewDisposeScope();
        var random = CounterRng.Named(_seed, "perceptual", step);
        var chosen = _pool.Draw(Batch, ref random);
        var (colors, shapes) = Labels(chosen);
        var scores = _head.Forward(_network.call(Augmentation.Degrade(_pool.Pixels(chosen), ref random))[^1]); // [N·4, classes]
        return (functional.cross_entropy(scores.narrow(1, 0, ColorClasses), tensor(colors))
            + functional.cross_entropy(scores.narrow(1, ColorClasses, ShapeClasses), tensor(shapes))).MoveToOuterDisposeScope();
    }

    // Classes of each cell, image by image; the last class is "none".
    private (long[] Colors, long[] Shapes) Labels(int[] chosen)
    {
        var colors = new long[chosen.Length * Quadrants];
        var shapes = new long[chosen.Length * Quadrants];
        Array.Fill(colors, ColorClasses - 1);
        Array.Fill(shapes, ShapeClasses - 1);
        for (var i = 0; i < chosen.Length; i++)
        {
            foreach (var item in _pool.Scenes[chosen[i]].Objects)
            {
                (colors[(i * Quadrants) + item.Cell], shapes[(i * Quadrants) + item.Cell]) = ((long)item.Color, (long)item.Shape);
            }
        }

        return (colors, shapes);
    }
}
