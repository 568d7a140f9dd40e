using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corl.Imaging;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// How a reward network wants its images: 8-bit pixels, resized by Pillow's bicubic filter, then (x / 255 − mean) / std. Images that
/// have the right size are not resized.
/// </summary>
/// <param name="Size">H = W in pixels.</param>
/// <param name="Mean">Per channel, in units of 1.</param>
/// <param name="Std">Per channel, in units of 1.</param>
/// <param name="Crop">
/// Whether the shorter side is brought to <paramref name="Size"/> and the middle cut out (CLIP), instead of both sides being brought there (BLIP).
/// </param>
public sealed record ImageInput(int Size, float[] Mean, float[] Std, bool Crop = false)
{
    // OpenAI's CLIP statistics, which BLIP uses too.
    private static readonly float[] ClipMean = [0.48145466f, 0.4578275f, 0.40821073f], ClipStd = [0.26862954f, 0.26130258f, 0.27577711f];
    private const int MaxConfigBytes = 1 << 20; // ours: real ones have 400 bytes
    private const string FileName = "preprocessor_config.json";

    /// <summary>Reads the mean and the standard deviation of preprocessor_config.json; CLIP's where there is no such file.</summary>
    /// <param name="directory">A model directory.</param>
    /// <param name="size">H = W that the model expects.</param>
    /// <param name="crop">Whether the middle is cut out.</param>
    /// <exception cref="UserException">The file is malformed.</exception>
    public static ImageInput FromDirectory(string directory, int size, bool crop = false)
    {
        var file = Path.Combine(directory, FileName);
        if (!File.Exists(file))
        {
            return new ImageInput(size, ClipMean, ClipStd, crop);
        }

        var config = JsonAt.Open(file, MaxConfigBytes);
        return new ImageInput(size, PerChannel(config, "image_mean", ClipMean), PerChannel(config, "image_std", ClipStd), crop);
    }

    /// <summary>The preparation in an open_clip_config.json; CLIP's statistics where it says nothing.</summary>
    internal static ImageInput FromOpenClip(JsonAt? preparation, int size) => preparation is { } config
        ? new ImageInput(size, PerChannel(config, "mean", ClipMean), PerChannel(config, "std", ClipStd), Crop: true)
        : new ImageInput(size, ClipMean, ClipStd, Crop: true);

    /// <summary>From what an image decoder paints to what the network reads.</summary>
    /// <param name="pixels">[N, 3, H, W], clamped to [−1, 1] and rounded down to 8 bits as when it is written to a file; not-a-number counts as −1.</param>
    /// <returns>[N, 3, Size, Size] on the same device.</returns>
    public Tensor FromPixels(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        if (pixels.shape[2] != Size || pixels.shape[3] != Size)
        {
            return FromImages(Pictures(pixels), pixels.device).MoveToOuterDisposeScope();
        }

        return Normalised(Bytes(pixels)).MoveToOuterDisposeScope();
    }

    /// <summary>Resized and normalised images.</summary>
    /// <param name="images">N images of any size.</param>
    /// <param name="device">Where to.</param>
    /// <returns>[N, 3, Size, Size].</returns>
    public Tensor FromImages(IReadOnlyList<RgbImage> images, Device device)
    {
        using var scope = NewDisposeScope();
        var bytes = stack([.. images.Select(image => AsTensor(Fit(image)))]); // uint8 [N, 3, Size, Size]
        return Normalised(bytes.to(device).to_type(ScalarType.Float32)).MoveToOuterDisposeScope();
    }

    /// <summary>Decoder output as 8-bit values.</summary>
    /// <param name="pixels">[N, 3, H, W], about [−1, 1].</param>
    /// <returns>The same shape, whole numbers in [0, 255] as float32.</returns>
    internal static Tensor Bytes(Tensor pixels)
    {
        const double Whole = 1e-3; // so that an image that came from 8 bits is not rounded down by the last bit of a float
        using var scope = NewDisposeScope();
        var scaled = (pixels.to_type(ScalarType.Float32).nan_to_num(-1) + 1) * (byte.MaxValue / 2.0);
        return (scaled + Whole).clamp_(0, byte.MaxValue).floor_().MoveToOuterDisposeScope();
    }

    /// <summary>Decoder output as 8-bit images.</summary>
    /// <param name="pixels">[N, 3, H, W], about [−1, 1].</param>
    internal static RgbImage[] Pictures(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)pixels.shape[2], (int)pixels.shape[3]);
        var bytes = Bytes(pixels).to_type(ScalarType.Byte).permute(0, 2, 3, 1).contiguous().cpu().data<byte>().ToArray();
        return [.. bytes.Chunk(height * width * 3).Select(image => new RgbImage(width, height, image))];
    }

    /// <summary>uint8 [3, H, W].</summary>
    internal static Tensor AsTensor(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return tensor(image.Pixels, [image.Height, image.Width, 3], ScalarType.Byte).permute(2, 0, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Resized as the network wants it; equal bytes as Pillow.</summary>
    internal RgbImage Fit(RgbImage image)
    {
        if (image.Width == Size && image.Height == Size)
        {
            return image;
        }

        if (!Crop)
        {
            return Resize.Bicubic(image, Size, Size);
        }

        image = Narrowed(image);
        var shorter = Math.Min(image.Width, image.Height);
        // The longer side is rounded down, as Hugging Face and torchvision do.
        var (width, height) = ((int)((long)Size * image.Width / shorter), (int)((long)Size * image.Height / shorter));
        return Middle(Resize.Bicubic(image, width, height), Size);
    }

    // Of a strip, whose resized form could fill the memory, the middle part; all of the square that is cut out later comes from there.
    private static RgbImage Narrowed(RgbImage image)
    {
        const int MaxAspect = 64; // ours: 224 × 14,336 pixels, 10 MB
        var longest = Math.Min(image.Width, image.Height) * (long)MaxAspect;
        var (width, height) = ((int)Math.Min(image.Width, longest), (int)Math.Min(image.Height, longest));
        return (width, height) == (image.Width, image.Height) ? image : Middle(image, width, height);
    }

    /// <summary>The square in the middle; an odd margin is rounded down, as Hugging Face does.</summary>
    internal static RgbImage Middle(RgbImage image, int size) => Middle(image, size, size);

    private static RgbImage Middle(RgbImage image, int width, int height)
    {
        var (left, top) = ((image.Width - width) / 2, (image.Height - height) / 2);
        var pixels = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            image.Pixels.AsSpan((((top + y) * image.Width) + left) * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
        }

        return new RgbImage(width, height, pixels);
    }

    /// <summary>As a preprocessor_config.json of BLIP.</summary>
    internal string ToJson() => new JsonObject
    {
        ["image_processor_type"] = "BlipImageProcessor",
        ["do_convert_rgb"] = true,
        ["do_normalize"] = true,
        ["do_rescale"] = true,
        ["do_resize"] = true,
        ["image_mean"] = new JsonArray([.. Mean.Select(value => JsonValue.Create(value))]),
        ["image_std"] = new JsonArray([.. Std.Select(value => JsonValue.Create(value))]),
        ["resample"] = (int)ResampleFilter.Bicubic,
        ["rescale_factor"] = 1.0 / byte.MaxValue,
        ["size"] = new JsonObject { ["height"] = Size, ["width"] = Size },
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";

    private Tensor Normalised(Tensor bytes)
    {
        using var scope = NewDisposeScope();
        var mean = tensor(Mean, device: bytes.device).view(3, 1, 1);
        var std = tensor(Std, device: bytes.device).view(3, 1, 1);
        return (((bytes * (1.0 / byte.MaxValue)) - mean) / std).MoveToOuterDisposeScope();
    }

    private static float[] PerChannel(JsonAt config, string key, float[] standard)
    {
        if (config.Find(key) is not { } list)
        {
            return standard;
        }

        float[] values = [.. list.Items().Take(4).Select(item => (float)item.Number())];
        var isUsable = values.Length == 3 && values.All(value => value is > 0 and <= 1);
        return isUsable ? values : throw list.Error($"expected 3 numbers above 0 and at most 1, got {string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)))}");
    }
}
