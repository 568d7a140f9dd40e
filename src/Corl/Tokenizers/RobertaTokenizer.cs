using System.Text;
using System.Text.Json.Nodes;

namespace Corl.Tokenizers;

/// <summary>
/// RoBERTa's tokenizer: GPT-2's byte-level pairs, from vocab.json and merges.txt or from the model part of a tokenizer.json, whose
/// post-processor is of a kind of its own.
/// </summary>
internal static class RobertaTokenizer
{
    private static readonly string[] SpecialTokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

    /// <summary>Reads the tokenizer of a model directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="addsSpace">Whether a text that does not begin with a space gets one, so that its first word is a word like the others.</param>
    /// <exception cref="UserException">A file is missing or malformed.</exception>
    public static HfTokenizer Load(string directory, bool addsSpace)
    {
        var whole = Path.Combine(directory, "tokenizer.json");
        var file = Path.Combine(directory, VocabularyFiles.VocabularyName);
        var hasParts = File.Exists(file);
        var root = (JsonObject)Read(hasParts ? file : whole);
        var vocabulary = hasParts ? root : root["model"]!["vocab"]!.AsObject();
        var merges = hasParts ? VocabularyFiles.Merges(Path.Combine(directory, VocabularyFiles.MergesName)) : root["model"]!["merges"]!;
        var added = SpecialTokens.Where(vocabulary.ContainsKey).Select(token => (JsonNode)new JsonObject
        {
            ["id"] = vocabulary[token]!.DeepClone(),
            ["content"] = token,
            ["special"] = true,
            ["lstrip"] = token == "<mask>",
        });
        var together = new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. added]),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = addsSpace },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary.DeepClone(), ["merges"] = merges.DeepClone() },
        };
        return HfTokenizer.Parse(hasParts ? file : whole, Encoding.UTF8.GetBytes(together.ToJsonString()));
    }

    // As nodes, to be put together anew; every mistake that a reader could stumble over is found before.
    private static JsonNode Read(string path)
    {
        var root = JsonAt.Open(path, TokenizerFile.MaxBytes);
        if (path.EndsWith("tokenizer.json", StringComparison.Ordinal))
        {
            _ = root["model"]["vocab"].Properties().Count();
            _ = root["model"]["merges"].Count();
        }
        else
        {
            _ = root.Properties().Count();
        }

        return JsonNode.Parse(File.ReadAllBytes(path).AsSpan().TrimStart("\uFEFF"u8))!;
    }
}
