using System.IO.Enumeration;

namespace Corl.Data;

/// <summary>
/// What a data path means: a file, a folder in the layout of the Hugging Face Hub (*.parquet or data/*.parquet, of which the train split is
/// taken where files are named by split) or of an image folder (metadata.jsonl or data.jsonl), or a pattern with *, ? and **.
/// </summary>
internal static class DataPaths
{
    private const int MaxFiles = 100_000; // ours
    private static readonly string[] LineFiles = ["metadata.jsonl", "data.jsonl"]; // the name of image folders first

    /// <summary>The files, in the order of their names, each with the name it has in messages and fingerprints.</summary>
    public static IReadOnlyList<(string Path, string Name)> Resolve(string path)
    {
        if (File.Exists(path))
        {
            return [(path, Quoted.Line(Path.GetFileName(path)))];
        }

        var (root, files) = Directory.Exists(path) ? (path, InFolder(path)) : path.AsSpan().ContainsAny('*', '?') ? Matching(path)
            : throw new UserException($"{path}: no such file or folder; expected a .parquet or .jsonl file, a folder of them, or a pattern such as 'data/*.parquet'");
        return [.. files.Order(StringComparer.Ordinal).Select(file => (file, Quoted.Line(Path.GetRelativePath(root, file).Replace('\\', '/'))))];
    }

    private static string[] InFolder(string folder)
    {
        string[] Files(string within, string pattern) => Directory.Exists(within) ? [.. Directory.EnumerateFiles(within, pattern).Take(MaxFiles)] : [];

        var parquet = Files(folder, "*.parquet") is { Length: > 0 } here ? here : Files(Path.Combine(folder, "data"), "*.parquet");
        var found = parquet.Length > 0 ? parquet : Files(folder, "*.jsonl");
        string[] named = [.. found.Where(file => Path.GetFileName(file).StartsWith("train", StringComparison.Ordinal))];
        var lines = LineFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(found.Contains);
        return named.Length > 0 ? named : lines is not null ? [lines] : found.Length > 0 ? found
            : throw new UserException($"{folder}: neither *.parquet, data/*.parquet nor *.jsonl in this folder; it holds {Listing(folder)}");
    }

    private static string Listing(string folder)
    {
        const int Shown = 8; // enough to recognise a wrong folder
        string[] names = [.. Directory.EnumerateFileSystemEntries(folder).Take(Shown + 1).Select(entry => Quoted.Line(Path.GetFileName(entry))).Order(StringComparer.Ordinal)];
        return names.Length == 0 ? "nothing" : string.Join(", ", names.Take(Shown)) + (names.Length > Shown ? ", …" : "");
    }

    private static (string Root, string[] Files) Matching(string pattern)
    {
        var segments = pattern.Replace('\\', '/').Split('/');
        var fixedCount = Array.FindIndex(segments, segment => segment.AsSpan().ContainsAny('*', '?'));
        var root = string.Join('/', segments[..fixedCount]) is { Length: > 0 } prefix ? prefix : Path.IsPathRooted(pattern) ? "/" : ".";
        string[] found = Directory.Exists(root) ? [.. Descend(root, segments.AsMemory(fixedCount)).Distinct().Take(MaxFiles)] : [];
        return found.Length > 0 ? (root, found) : throw new UserException($"{pattern}: no file matches");
    }

    private static IEnumerable<string> Descend(string folder, ReadOnlyMemory<string> segments)
    {
        var segment = segments.Span[0];
        if (segments.Length == 1)
        {
            return Directory.EnumerateFiles(folder).Where(Matches);
        }

        var folders = Directory.EnumerateDirectories(folder);
        return segment == "**"
            ? Descend(folder, segments[1..]).Concat(folders.SelectMany(inner => Descend(inner, segments)))
            : folders.Where(Matches).SelectMany(inner => Descend(inner, segments[1..]));

        bool Matches(string entry) => FileSystemName.MatchesSimpleExpression(segment, Path.GetFileName(entry), ignoreCase: false);
    }
}
