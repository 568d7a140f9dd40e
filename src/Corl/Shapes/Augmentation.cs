using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>Makes clean renders look like what a policy paints, so that reward networks trained on them tolerate its images.</summary>
internal static class Augmentation
{
    private const double BlurredShare = 0.5;
    private const double MaxNoise = 0.1; // standard deviation, of pixels in [−1, 1]

    /// <summary>Half of the batches blurred by a 3 × 3 box, all with noise of a random strength: [N, 3, H, W] → the same.</summary>
    public static Tensor Degrade(Tensor pixels, ref CounterRng random)
    {
        using var scope = NewDisposeScope();
        var images = random.Uniform() < BlurredShare ? functional.avg_pool2d(functional.pad(pixels, [1, 1, 1, 1], PaddingModes.Replicate), 3, 1) : pixels;
        return AddNoise(images, MaxNoise * random.Uniform(), ref random).MoveToOuterDisposeScope();
    }

    /// <summary>Adds normal noise of a standard deviation.</summary>
    public static Tensor AddNoise(Tensor pixels, double deviation, ref CounterRng random)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(random.Next());
        return (pixels + (deviation * randn(pixels.shape, generator: generator))).MoveToOuterDisposeScope();
    }
}
