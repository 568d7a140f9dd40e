namespace Corl.Tests;

/// <summary>
/// Where the golden files are: the full sets under the folder that the environment variable CORL_GOLDEN names, otherwise the copies
/// beside these tests (Golden/README.md has their origin). The same tests run over both.
/// </summary>
internal static class GoldenFiles
{
    private static readonly string Copies = System.IO.Path.Combine(AppContext.BaseDirectory, "../../../Golden");

    /// <summary>The full sets, or null when only the copies are there.</summary>
    public static string? FullSets { get; } = Environment.GetEnvironmentVariable("CORL_GOLDEN") is { Length: > 0 } set && Directory.Exists(set) ? System.IO.Path.GetFullPath(set) : null;

    /// <summary>A golden file or folder, for example Path("janus/tiny/native").</summary>
    public static string Path(string relative)
    {
        var full = FullSets is null ? null : System.IO.Path.Combine(FullSets, relative);
        return full is not null && (File.Exists(full) || Directory.Exists(full)) ? full : System.IO.Path.GetFullPath(System.IO.Path.Combine(Copies, relative));
    }
}
