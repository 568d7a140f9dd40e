using Corl.Imaging;

namespace Corl.Cli;

/// <summary>Reads an image file that the user names.</summary>
internal static class ImageFile
{
    private const int MaxBytes = 64 << 20; // an image file of a camera has a tenth of that

    /// <summary>Decodes a PNG, JPEG or WebP file.</summary>
    /// <exception cref="UserException">It is not there, too large, or no image.</exception>
    public static RgbImage Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: no such image file");
        }

        return new FileInfo(path).Length <= MaxBytes
            ? ImageCodec.Decode(File.ReadAllBytes(path), path)
            : throw new UserException($"{path}: {new FileInfo(path).Length} bytes; an image has at most {MaxBytes}");
    }
}
