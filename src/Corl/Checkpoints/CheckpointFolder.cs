using System.Text.RegularExpressions;

namespace Corl.Checkpoints;

/// <summary>Finds the checkpoint in a directory of the Hugging Face layout.</summary>
internal static partial class CheckpointFolder
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
            var found = Files(directory, pattern);
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

    /// <summary>A file in the folder that is named as the others of a set of shards, "…-00002-of-00003.…", but is not among them; null if there is none.</summary>
    public static string? UnlistedShard(string directory, string[] shards)
    {
        var sets = shards.Select(ShardSet).OfType<string>().ToHashSet();
        return Files(directory, "*-of-*").Select(path => Path.GetFileName(path)).FirstOrDefault(name => ShardSet(name) is { } set && sets.Contains(set) && !shards.Contains(name));
    }

    // What the shards of a set have in common: all of the name but its number.
    private static string? ShardSet(string name) => ShardNumber().IsMatch(name) ? ShardNumber().Replace(name, "-N-of-") : null;

    [GeneratedRegex("-[0-9]{5}-of-(?=[0-9]{5}\\.)", RegexOptions.CultureInvariant)]
    private static partial Regex ShardNumber();

    private static string[] Files(string directory, string pattern)
    {
        try
        {
            return Directory.GetFiles(directory, pattern);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{Quoted.Line(directory)}: cannot be read ({Quoted.Line(error.Message)})", error);
        }
    }
}
