using System.Security.Cryptography;
using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>Reads and writes the images of drawing benchmarks.</summary>
internal static class DrawnImages
{
    private const long MaxFileBytes = 1L << 28; // ours: a 768 × 768 PNG has at most 2 MB

    /// <summary>Writes a PNG file, whole or not at all.</summary>
    public static void Write(string path, RgbImage image)
    {
        var png = ImageCodec.EncodePng(image);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>The file's bytes.</summary>
    /// <exception cref="UserException">It is missing or too large; names the file.</exception>
    public static byte[] Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new UserException($"{Quoted.Line(path)}: no such image; was it removed after it was drawn?");
        }

        return file.Length <= MaxFileBytes ? File.ReadAllBytes(path) : throw new UserException($"{Quoted.Line(path)}: {file.Length} bytes; an image has at most {MaxFileBytes}");
    }

    /// <summary>The files of a prediction as absolute paths.</summary>
    /// <param name="root">What the prediction's paths start from.</param>
    /// <param name="prediction">A prediction.</param>
    /// <exception cref="UserException">It has no files: it is an answer, not a drawing.</exception>
    public static IReadOnlyList<string> FilesOf(string root, Prediction prediction) => prediction.Files is { Count: > 0 } files
        ? [.. files.Select(file => Path.Combine(root, file))]
        : throw new UserException($"the prediction of {Quoted.Name(prediction.Id)} has no images; it belongs to a benchmark of questions");

    /// <summary>SHA-256, lower-case hexadecimal.</summary>
    public static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The part of an image inside a rectangle.</summary>
    public static RgbImage Crop(RgbImage image, int left, int top, int width, int height)
    {
        var pixels = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            image.Pixels.AsSpan((((top + y) * image.Width) + left) * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
        }

        return new RgbImage(width, height, pixels);
    }
}
