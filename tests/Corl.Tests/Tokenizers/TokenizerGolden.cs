using System.IO.Compression;
using System.Text.Json;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

/// <summary>The tokenizer golden set that is there: its vocabularies and its rows.</summary>
internal static class TokenizerGolden
{
    private static readonly Dictionary<string, HfTokenizer> Loaded = [];

    public static string Folder { get; } = GoldenFiles.Path("tokenizers");

    /// <summary>Every folder with a tokenizer and encoded texts.</summary>
    public static TheoryData<string> Vocabularies() =>
        [.. Directory.EnumerateDirectories(Folder).Where(directory => File.Exists(Path.Combine(directory, "encode.jsonl"))).Select(directory => Path.GetFileName(directory)).Order()];

    public static HfTokenizer Load(string vocabulary)
    {
        if (!Loaded.TryGetValue(vocabulary, out var tokenizer))
        {
            Loaded.Add(vocabulary, tokenizer = HfTokenizer.Parse(vocabulary, Json(vocabulary)));
        }

        return tokenizer;
    }

    public static byte[] Json(string vocabulary)
    {
        var plain = Path.Combine(Folder, vocabulary, "tokenizer.json");
        if (File.Exists(plain))
        {
            return File.ReadAllBytes(plain);
        }

        using var packed = new GZipStream(File.OpenRead(plain + ".gz"), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static IEnumerable<JsonElement> Rows(string file)
    {
        var path = Path.Combine(Folder, file);
        return File.Exists(path) ? JsonLines.Read(path) : [];
    }

    public static int[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];

    public static string?[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString())];
}
