using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corl.Tokenizers;

/// <summary>A byte-pair vocabulary as older checkpoints store it: vocab.json (token → id) and merges.txt (a pair per line, the first rank first).</summary>
internal static class VocabularyFiles
{
    public const string VocabularyName = "vocab.json", MergesName = "merges.txt";

    private const int MaxMerges = 1 << 20; // ours: CLIP has 48,894 merges, RoBERTa 50,000

    /// <summary>The merges of a file, without its version line, as the JSON list of a tokenizer.json.</summary>
    /// <exception cref="UserException">No such file, too large, or too many lines.</exception>
    public static JsonArray Merges(string file)
    {
        if (!File.Exists(file))
        {
            throw new UserException($"{file}: no such file; expected the merges of a byte-pair vocabulary, two tokens on a line.");
        }

        if (new FileInfo(file).Length > TokenizerFile.MaxBytes)
        {
            throw new UserException($"{file}: larger than {TokenizerFile.MaxBytes} bytes; expected the merges of a byte-pair vocabulary.");
        }

        var merges = new JsonArray();
        foreach (var line in File.ReadLines(file).Index())
        {
            var isComment = line.Index == 0 && line.Item.StartsWith("#version", StringComparison.Ordinal);
            if (line.Item.Length > 0 && !isComment)
            {
                merges.Add(merges.Count < MaxMerges ? JsonValue.Create(line.Item) : throw new UserException($"{file}: more than {MaxMerges} merges."));
            }
        }

        return merges;
    }

    /// <summary>The same list, to be read with the places of its entries.</summary>
    public static JsonAt Read(string file, JsonArray merges) => JsonAt.Parse(file, JsonSerializer.SerializeToUtf8Bytes(merges));
}
