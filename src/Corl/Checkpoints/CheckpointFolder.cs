namespace Corl.Checkpoints;

/// <summary>Finds the checkpoint in a directory of the Hugging Face layout.</summary>
internal static class CheckpointFolder
{
    /// <summary>How the name of an index of shards ends.</summary>
    public const string IndexSuffix = ".index.json";

    // The names that transformers writes, in the order in which it looks for them.
    private static readonly string[] Names =
    [
        "model.safetensors", "model.safetensors" + IndexSuffix, "pytorch_model.bin", "pytorch_model.bin" + IndexSuffix,
    ];

    // Failing those, the only file of a kind: an adapter, a reward network, a run's own file.
    private static readonly string[] Patterns = ["*.safetensors" + IndexSuffix, "*.safetensors", "*.bin" + IndexSuffix, "*.bin", "*.pth", "*.pt"];

    /// <summary>The file or index to open; UserException when there is none or a choice.</summary>
    public static string Find(string directory)
    {
        foreach (var name in Names)
        {
            var path = Path.Combine(directory, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        foreach (var pattern in Patterns)
        {
            var found = Directory.GetFiles(directory, pattern);
            if (found.Length == 1)
            {
                return found[0];
            }

            if (found.Length > 1)
            {
                throw new UserException($"{Quoted.Line(directory)}: {found.Length} files {pattern} and no index; name the file to open");
            }
        }

        throw new UserException($"{Quoted.Line(directory)}: no checkpoint there (looked for {string.Join(", ", Names)} and any single {string.Join(", ", Patterns[1..])})");
    }
}
