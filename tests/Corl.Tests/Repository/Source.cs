namespace Corl.Tests.Repository;

/// <summary>The repository that these tests were built from.</summary>
internal static class Source
{
    public static readonly string Root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));

    /// <summary>The C# files under a folder, without what a build writes.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Relative(file).Split('/').Any(part => part is "obj" or "bin"));

    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');
}
