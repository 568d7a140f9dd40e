namespace Corl.Data;

/// <summary>
/// Image paths come from data files that others wrote: they may only name files in the image folder. Links inside that folder are
/// followed, because download caches are built of them.
/// </summary>
internal static class ImagePath
{
    private static readonly char[] Separators = ['/', '\\'];

    public static string Resolve(string folder, string path, string row)
    {
        if (path.Contains('\0', StringComparison.Ordinal) || path.StartsWith('/') || path.StartsWith('\\') || path.StartsWith('~') || path.Contains("://", StringComparison.Ordinal) || (path.Length > 1 && path[1] == ':'))
        {
            throw new UserException($"{row}: the image path {Quoted.Name(path)} is absolute; expected a path inside {folder}");
        }

        if (path.Split(Separators).Contains(".."))
        {
            throw new UserException($"{row}: the image path {Quoted.Name(path)} leaves {folder}");
        }

        return Path.Combine(folder, path.Replace('\\', '/'));
    }
}
