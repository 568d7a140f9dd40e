namespace Corl.Models;

/// <summary>What painting an image costs, from the sizes of the VQ decoder: the most values in memory at once, and multiplications.</summary>
/// <param name="Peak">Activations alive at once, numbers per image.</param>
/// <param name="Flops">Floating-point operations per image.</param>
internal readonly record struct VqCost(double Peak, double Flops)
{
    /// <summary>
    /// Walks through <see cref="VqDecoder"/> without computing: a block's dispose scope keeps its intermediate maps until the block ends, a
    /// stage's those of its blocks, the decoder's those of its stages.
    /// </summary>
    public static VqCost Of(JanusConfig config)
    {
        var (vq, last) = (config.Vq, config.Vq.Multipliers.Count - 1);
        double side = config.ImageSize / vq.Reduction, channels = vq.Channels * vq.Multipliers[last];
        var walk = new Walk();
        walk.Conv(vq.CodeWidth, vq.LatentChannels, side, 1);
        walk.Conv(vq.LatentChannels, channels, side, 3);
        walk.Residual(channels, channels, side);
        walk.Attention(channels, side);
        walk.Residual(channels, channels, side);
        for (var i = 0; i <= last; i++)
        {
            var output = vq.Channels * vq.Multipliers[last - i];
            for (var block = 0; block <= vq.ResidualBlocks; block++)
            {
                walk.Residual(block == 0 ? channels : output, output, side);
                if (i == 0)
                {
                    walk.Attention(output, side);
                }
            }

            channels = output;
            if (i < last)
            {
                side *= 2;
                walk.Temporary(channels * side * side); // the enlarged map
                walk.Conv(channels, channels, side, 3);
            }
        }

        walk.Temporary(2 * channels * side * side); // the last norm and its activation
        walk.Conv(channels, 3, side, 3);
        return new VqCost(walk.Peak, walk.Flops);
    }

    private sealed class Walk
    {
        private double _held;

        public double Peak { get; private set; }

        public double Flops { get; private set; }

        /// <summary>A convolution whose output stays.</summary>
        public void Conv(double input, double output, double side, double kernel)
        {
            Flops += 2 * kernel * kernel * input * output * side * side;
            Hold(output * side * side);
        }

        public void Temporary(double maps) => Peak = Math.Max(Peak, _held + maps);

        /// <summary>Two norms, two activations, two convolutions, perhaps a shortcut, and their sum; only the sum stays.</summary>
        public void Residual(double input, double output, double side)
        {
            var (before, after) = (input * side * side, output * side * side);
            Flops += 2 * side * side * ((9 * input * output) + (9 * output * output) + (input == output ? 0 : input * output));
            Temporary((2 * before) + ((input == output ? 5 : 6) * after));
            Hold(after);
        }

        /// <summary>One head over all positions; only the sum stays.</summary>
        public void Attention(double channels, double side)
        {
            var places = side * side;
            Flops += (2 * 4 * channels * channels * places) + (4 * channels * places * places);
            Temporary(9 * channels * places); // norm; q, k, v and their rows; attention and its maps; the projection
            Hold(channels * places);
        }

        private void Hold(double maps)
        {
            _held += maps;
            Peak = Math.Max(Peak, _held);
        }
    }
}
