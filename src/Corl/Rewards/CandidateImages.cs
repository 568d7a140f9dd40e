using Corl.Imaging;
using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>Generated and real images as the perceptual metric wants them.</summary>
internal static class CandidateImages
{
    /// <summary>Whether every pixel of an image is a finite number.</summary>
    /// <param name="images">[N, 3, H, W].</param>
    /// <returns>[N].</returns>
    public static bool[] Usable(Tensor images)
    {
        using var scope = NewDisposeScope();
        return isfinite(images).flatten(1).all(1).cpu().data<bool>().ToArray();
    }

    /// <summary>Decoder output, 8-bit, at the size that the metric looks at.</summary>
    /// <param name="images">[N, 3, H, W], about [−1, 1].</param>
    /// <param name="size">How images are brought together.</param>
    /// <param name="smallest">The least height and width that the metric can look at; smaller images are enlarged.</param>
    /// <returns>[N, 3, H', W'] in [0, 1].</returns>
    public static Tensor Sized(Tensor images, PerceptualSize size, int smallest = 1)
    {
        using var scope = NewDisposeScope();
        var (height, width) = size == PerceptualSize.AsGenerated ? ((int)Math.Max(smallest, images.shape[2]), (int)Math.Max(smallest, images.shape[3])) : (Edge, Edge);
        var bytes = images.shape[2] == height && images.shape[3] == width
            ? ImageInput.Bytes(images)
            : stack([.. ImageInput.Pictures(images).Select(image => ImageInput.AsTensor(Fit(image, size, width, height)))]).to(images.device).to_type(ScalarType.Float32);
        return (bytes / byte.MaxValue).MoveToOuterDisposeScope();
    }

    /// <summary>Real images at the size of sized generated ones.</summary>
    /// <param name="images">B images of any size.</param>
    /// <param name="size">How images are brought together.</param>
    /// <param name="generated">[N, 3, H', W'], from the other overload.</param>
    /// <returns>[B, 3, H', W'] in [0, 1], on the same device.</returns>
    public static Tensor Sized(IReadOnlyList<RgbImage> images, PerceptualSize size, Tensor generated)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)generated.shape[2], (int)generated.shape[3]);
        var bytes = stack([.. images.Select(image => ImageInput.AsTensor(Fit(image, size, width, height)))]);
        return (bytes.to(generated.device).to_type(ScalarType.Float32) / byte.MaxValue).MoveToOuterDisposeScope();
    }

    private const int Edge = 224; // the reference's size for LPIPS

    private static RgbImage Fit(RgbImage image, PerceptualSize size, int width, int height)
    {
        if (image.Width == width && image.Height == height)
        {
            return image;
        }

        if (size != PerceptualSize.Crop)
        {
            return Resize.Bilinear(image, width, height);
        }

        var shorter = Math.Min(image.Width, image.Height);
        var scaled = Resize.Bilinear(image, (int)((long)width * image.Width / shorter), (int)((long)height * image.Height / shorter));
        return ImageInput.Middle(scaled, width);
    }
}
