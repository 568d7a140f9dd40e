using static TorchSharp.torch;

namespace Corl.Imaging;

/// <summary>
/// How Janus-Pro sees images: scaled so that the longer side is <see cref="ImageSize"/>, centred on a square of the mean colour,
/// normalised. The arithmetic is that of DeepSeek's own processor on Pillow images (transformers rounds the shorter side differently).
/// </summary>
/// <param name="ImageSize">H = W of the model's input in pixels.</param>
/// <param name="MinSize">Least length of the shorter side after scaling, in pixels; never more than <paramref name="ImageSize"/>.</param>
/// <param name="Mean">Per channel, in units of 1.</param>
/// <param name="Std">Per channel, in units of 1.</param>
/// <param name="RescaleFactor">From bytes to units of 1.</param>
public sealed record JanusImages(int ImageSize, int MinSize, float[] Mean, float[] Std, double RescaleFactor = 1.0 / 255)
{
    // The values of the processor file that Janus-Pro ships with (its Python class would fall back on CLIP's mean and std instead).
    private const int JanusMinSize = 14;
    private const float JanusMean = 0.5f;

    private const int Channels = 3;
    private const long MaxConfigBytes = 1 << 20; // real ones have 400 bytes

    /// <summary>Reads preprocessor_config.json, or the image processor nested in processor_config.json; Janus-Pro's values where neither is there.</summary>
    /// <param name="directory">A checkpoint directory of either layout.</param>
    /// <param name="imageSize">H = W that the model expects, from its config.json.</param>
    /// <exception cref="UserException">The file is malformed, or made for another size or filter.</exception>
    public static JanusImages FromDirectory(string directory, int imageSize)
    {
        if (Config(directory) is not { } config)
        {
            return new JanusImages(imageSize, JanusMinSize, [JanusMean, JanusMean, JanusMean], [JanusMean, JanusMean, JanusMean]);
        }

        const int MaxSide = ushort.MaxValue; // as in ImageCodec
        var stated = config.Find("image_size") ?? config.Find("size")?.Find("height");
        if (stated?.Integer(1, MaxSide) is { } size && size != imageSize)
        {
            throw stated.Value.Error($"the model expects images of {imageSize} pixels, this file makes {size}");
        }

        if (config.Find("resample") is { } resample && resample.Integer(0, 5) != (int)ResampleFilter.Bicubic)
        {
            throw resample.Error($"Janus images are resampled with filter {(int)ResampleFilter.Bicubic} (bicubic), got {resample.Integer(0, 5)}");
        }

        return new JanusImages(
            imageSize,
            config.Find("min_size")?.Integer(1, MaxSide) ?? JanusMinSize,
            PerChannel(config.Find("image_mean"), isPositive: false),
            PerChannel(config.Find("image_std"), isPositive: true),
            config.Find("rescale_factor")?.Number() ?? 1.0 / byte.MaxValue);
    }

    /// <summary>Scales and pads one image.</summary>
    /// <param name="image">Any size.</param>
    /// <returns>[ImageSize, ImageSize] image.</returns>
    public RgbImage Fit(RgbImage image)
    {
        var longer = Math.Max(image.Width, image.Height);
        var scaled = Resize.Bicubic(image, Scaled(image.Width, longer), Scaled(image.Height, longer));
        if (scaled.Width == scaled.Height)
        {
            return scaled;
        }

        var pixels = new byte[ImageSize * ImageSize * Channels];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(Mean[i % Channels] * byte.MaxValue); // truncated: 127 for 0.5
        }

        var (left, top) = ((ImageSize - scaled.Width) / 2, (ImageSize - scaled.Height) / 2);
        for (var y = 0; y < scaled.Height; y++)
        {
            scaled.Pixels.AsSpan(y * scaled.Width * Channels, scaled.Width * Channels).CopyTo(pixels.AsSpan((((top + y) * ImageSize) + left) * Channels));
        }

        return new RgbImage(ImageSize, ImageSize, pixels);
    }

    /// <summary>Fits, rescales and normalises a batch.</summary>
    /// <param name="images">N images of any size.</param>
    /// <returns>[N, 3, H, W] float32 on the CPU with H = W = ImageSize; range [−1, 1] with Janus-Pro's mean and std.</returns>
    public Tensor ToTensor(IReadOnlyList<RgbImage> images)
    {
        var plane = ImageSize * ImageSize;
        var values = new float[checked(images.Count * Channels * plane)];
        var ofByte = ValueTable();
        for (var n = 0; n < images.Count; n++)
        {
            var pixels = Fit(images[n]).Pixels;
            for (var i = 0; i < pixels.Length; i++)
            {
                values[(((n * Channels) + (i % Channels)) * plane) + (i / Channels)] = ofByte[i % Channels][pixels[i]];
            }
        }

        return tensor(values, [images.Count, Channels, ImageSize, ImageSize]);
    }

    /// <summary>Decoder output to images: clamp((x + 1) / 2 · 255, 0, 255), truncated as the original does.</summary>
    /// <param name="pixels">[N, 3, H, W], range about [−1, 1], any device and floating type.</param>
    public static RgbImage[] ToImages(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)pixels.shape[2], (int)pixels.shape[3]);
        var bytes = ((pixels.detach().to(float32) + 1) / 2 * byte.MaxValue).clamp(0, byte.MaxValue).to(uint8).permute(0, 2, 3, 1).contiguous().cpu();
        var all = bytes.data<byte>().ToArray();
        return [.. all.Chunk(height * width * Channels).Select(image => new RgbImage(width, height, image))];
    }

    /// <summary>[3][256]: the value of every byte in every channel, in the order of roundings of the original.</summary>
    internal float[][] ValueTable() =>
        [.. Enumerable.Range(0, Channels).Select(c => Enumerable.Range(0, byte.MaxValue + 1).Select(b => ((float)(b * RescaleFactor) - Mean[c]) / Std[c]).ToArray())];

    // The original's order of operations; size · (side / longer) would lose a pixel of the longer side to rounding.
    private int Scaled(int side, int longer) => Math.Max((int)((double)side / longer * ImageSize), Math.Min(MinSize, ImageSize));

    private static JsonAt? Config(string directory)
    {
        var path = Path.Combine(directory, "preprocessor_config.json");
        if (File.Exists(path))
        {
            return JsonAt.Open(path, MaxConfigBytes);
        }

        path = Path.Combine(directory, "processor_config.json");
        return File.Exists(path) ? JsonAt.Open(path, MaxConfigBytes).Find("image_processor") : null;
    }

    private static float[] PerChannel(JsonAt? list, bool isPositive)
    {
        if (list is not { } at)
        {
            return [JanusMean, JanusMean, JanusMean];
        }

        var values = at.Items().Select(item => (float)item.Number()).ToArray();
        var isUsable = values.Length == Channels && values.All(value => value is >= 0 and <= 1 && (!isPositive || value > 0));
        return isUsable ? values : throw at.Error($"expected {Channels} numbers {(isPositive ? "above 0 and at most" : "from 0 to")} 1, got [{string.Join(", ", values)}]");
    }
}
