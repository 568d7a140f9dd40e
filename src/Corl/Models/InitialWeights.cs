using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>Parameters of networks that are to be trained from scratch.</summary>
public static class InitialWeights
{
    /// <summary>
    /// Matrices, tables and kernels normal with standard deviation gain / √fan-in, so that every layer keeps the size of what it reads
    /// whatever its width; norms 1, biases 0. A pure function of the seed and the key.
    /// </summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="gain">1, or √2 before a ReLU (He et al. 2015).</param>
    /// <param name="device">Where to; the CPU if null.</param>
    public static WeightSource FanIn(ulong seed, double gain = 1, Device? device = null) => WeightSource.From((key, shape) =>
    {
        if (shape.Length == 1)
        {
            var isNorm = key.EndsWith(".weight", StringComparison.Ordinal);
            return isNorm ? ones(shape, ScalarType.Float32, device) : zeros(shape, ScalarType.Float32, device);
        }

        var std = gain / Math.Sqrt(shape.Skip(1).Aggregate(1.0, (product, size) => product * size));
        var rng = CounterRng.Named(seed, key);
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)(rng.Normal() * std);
        }

        return tensor(values, shape, device: device);
    });
}
