namespace Corl.Tests;

/// <summary>A folder for one test, deleted with what is in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("corl-");

    /// <summary>The folder.</summary>
    public string Path => _folder.FullName;

    /// <summary>A path in the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
