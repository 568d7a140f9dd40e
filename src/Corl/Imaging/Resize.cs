namespace Corl.Imaging;

/// <summary>
/// Resizing with the arithmetic of Pillow 9.5 to 12.0, byte for byte: antialiased filters in 22-bit fixed point, first along the rows
/// with rounding to 8 bits, then along the columns. (Pillow 13 runs the columns first for tall images; the released models were trained
/// with the older order.)
/// </summary>
public static class Resize
{
    // Pillow's PRECISION_BITS: 32 bits less 8 for the pixel less 2 for the overshoot of the filters.
    private const int FixedPointBits = 22;

    private const int Channels = 3;

    /// <summary>Cubic resampling, what the Janus, BLIP and CLIP processors use.</summary>
    /// <param name="image">[H, W] image.</param>
    /// <param name="width">New W, at least 1.</param>
    /// <param name="height">New H, at least 1.</param>
    public static RgbImage Bicubic(RgbImage image, int width, int height) => To(image, width, height, ResampleFilter.Bicubic);

    /// <summary>Triangle resampling.</summary>
    /// <param name="image">[H, W] image.</param>
    /// <param name="width">New W, at least 1.</param>
    /// <param name="height">New H, at least 1.</param>
    public static RgbImage Bilinear(RgbImage image, int width, int height) => To(image, width, height, ResampleFilter.Bilinear);

    /// <summary>Resampling with any filter; an axis whose size stays is copied.</summary>
    /// <param name="image">[H, W] image.</param>
    /// <param name="width">New W, at least 1.</param>
    /// <param name="height">New H, at least 1.</param>
    /// <param name="filter">The filter.</param>
    public static RgbImage To(RgbImage image, int width, int height, ResampleFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var pixels = image.Pixels;
        if (width != image.Width)
        {
            pixels = AlongRows(pixels, image.Width, image.Height, Windows.Of(image.Width, width, filter));
        }

        if (height != image.Height)
        {
            pixels = AlongColumns(pixels, width, Windows.Of(image.Height, height, filter));
        }

        return new RgbImage(width, height, ReferenceEquals(pixels, image.Pixels) ? [.. pixels] : pixels);
    }

    private static byte[] AlongRows(byte[] source, int sourceWidth, int height, Windows windows)
    {
        var width = windows.Starts.Length;
        var result = new byte[checked(width * height * Channels)];
        for (var y = 0; y < height; y++)
        {
            var row = source.AsSpan(y * sourceWidth * Channels, sourceWidth * Channels);
            var target = result.AsSpan(y * width * Channels, width * Channels);
            for (var x = 0; x < width; x++)
            {
                int red = Half, green = Half, blue = Half;
                var at = windows.Starts[x] * Channels;
                foreach (var weight in windows.Weights(x))
                {
                    red += row[at] * weight;
                    green += row[at + 1] * weight;
                    blue += row[at + 2] * weight;
                    at += Channels;
                }

                target[x * Channels] = Clip(red);
                target[(x * Channels) + 1] = Clip(green);
                target[(x * Channels) + 2] = Clip(blue);
            }
        }

        return result;
    }

    private static byte[] AlongColumns(byte[] source, int width, Windows windows)
    {
        var height = windows.Starts.Length;
        var stride = width * Channels;
        var result = new byte[checked(stride * height)];
        var sums = new int[stride];
        for (var y = 0; y < height; y++)
        {
            Array.Fill(sums, Half);
            var at = windows.Starts[y] * stride;
            foreach (var weight in windows.Weights(y))
            {
                var row = source.AsSpan(at, stride);
                for (var i = 0; i < row.Length; i++)
                {
                    sums[i] += row[i] * weight;
                }

                at += stride;
            }

            for (var i = 0; i < stride; i++)
            {
                result[(y * stride) + i] = Clip(sums[i]);
            }
        }

        return result;
    }

    private const int Half = 1 << (FixedPointBits - 1);

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> FixedPointBits, 0, byte.MaxValue);

    /// <summary>For each output pixel: the first input pixel it covers and the fixed-point weights from there on.</summary>
    private sealed class Windows
    {
        private readonly int[] _weights;
        private readonly int[] _lengths;
        private readonly int _stride;

        private Windows(int[] starts, int[] lengths, int[] weights, int stride)
        {
            Starts = starts;
            _lengths = lengths;
            _weights = weights;
            _stride = stride;
        }

        public int[] Starts { get; }

        public ReadOnlySpan<int> Weights(int output) => _weights.AsSpan(output * _stride, _lengths[output]);

        public static Windows Of(int inputSize, int outputSize, ResampleFilter filter)
        {
            var scale = (double)inputSize / outputSize;
            var filterScale = Math.Max(scale, 1);
            var support = Radius(filter) * filterScale;
            var stride = ((int)Math.Ceiling(support) * 2) + 1;
            var (starts, lengths, weights) = (new int[outputSize], new int[outputSize], new int[checked(outputSize * stride)]);
            var exact = new double[stride];
            for (var output = 0; output < outputSize; output++)
            {
                var centre = (output + 0.5) * scale;
                var start = Math.Max((int)(centre - support + 0.5), 0);
                var length = Math.Min((int)(centre + support + 0.5), inputSize) - start;
                var sum = 0.0;
                for (var i = 0; i < length; i++)
                {
                    exact[i] = Value(filter, (i + start - centre + 0.5) * (1.0 / filterScale));
                    sum += exact[i];
                }

                for (var i = 0; i < length; i++)
                {
                    var weight = (sum == 0 ? exact[i] : exact[i] / sum) * (1 << FixedPointBits);
                    weights[(output * stride) + i] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
                }

                (starts[output], lengths[output]) = (start, length);
            }

            return new Windows(starts, lengths, weights, stride);
        }
    }

    private static double Radius(ResampleFilter filter) => filter switch
    {
        ResampleFilter.Box => 0.5,
        ResampleFilter.Bilinear or ResampleFilter.Hamming => 1,
        ResampleFilter.Bicubic => 2,
        ResampleFilter.Lanczos => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "not a resampling filter"),
    };

    private static double Value(ResampleFilter filter, double x)
    {
        var distance = Math.Abs(x);
        return filter switch
        {
            ResampleFilter.Box => x is > -0.5 and <= 0.5 ? 1 : 0,
            ResampleFilter.Bilinear => distance < 1 ? 1 - distance : 0,
            ResampleFilter.Hamming => distance == 0 ? 1 : distance < 1 ? Sinc(distance) * (0.54 + (0.46 * Math.Cos(distance * Math.PI))) : 0,
            ResampleFilter.Bicubic => Cubic(distance),
            _ => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0,
        };
    }

    private static double Cubic(double distance)
    {
        const double A = -0.5; // Pillow's; the other common choice, −0.75, is OpenCV's and PyTorch's
        return distance switch
        {
            < 1 => ((((A + 2) * distance) - (A + 3)) * distance * distance) + 1,
            < 2 => ((((distance - 5) * distance) + 8) * distance - 4) * A,
            _ => 0,
        };
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
