namespace Corl.Cli;

/// <summary>Where a command writes.</summary>
internal static class OutputFolder
{
    /// <summary>Makes the folder; refuses one that holds something already, so that no earlier work is overwritten.</summary>
    public static string Prepare(string folder, string hint = "name a new folder")
    {
        if (File.Exists(folder))
        {
            throw new UserException($"--out {folder}: is a file, expected a folder");
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new UserException($"--out {folder}: the folder is not empty; {hint}");
        }

        Directory.CreateDirectory(folder);
        return folder;
    }
}
