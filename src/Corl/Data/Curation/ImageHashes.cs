using Corl.Imaging;

namespace Corl.Data.Curation;

/// <summary>The hashes of all images of a folder, with its subfolders, or of a data set.</summary>
internal static class ImageHashes
{
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".webp"];
    private const long MaxBytes = 1 << 26; // as for training data

    /// <summary>Reads them one by one; what is no image is an error, because it would be let through otherwise.</summary>
    public static IEnumerable<ImageHash> Read(string path, CancellationToken cancellation)
    {
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsImage).Order(StringComparer.Ordinal)] : [];
        if (files.Length > 0)
        {
            foreach (var file in files)
            {
                cancellation.ThrowIfCancellationRequested();
                var name = Quoted.Line(Path.GetRelativePath(path, file));
                yield return new FileInfo(file).Length <= MaxBytes ? ImageHash.Of(ImageCodec.Decode(File.ReadAllBytes(file), name)) : throw new UserException($"{name}: more than {MaxBytes:N0} bytes");
            }

            yield break;
        }

        using var set = SampleSet.Open(path);
        for (var row = 0; row < set.Count; row++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (set.Read(row).RealImage is { } image)
            {
                yield return ImageHash.Of(image);
            }
        }
    }

    private static bool IsImage(string file) => Endings.Contains(Path.GetExtension(file).ToLowerInvariant());
}
