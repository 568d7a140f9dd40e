using System.Text.Json;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

public sealed class ClipTokenizerTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");
    private static readonly ClipTokenizer Tiny = ClipTokenizer.Load(Path.Combine(Folder, "clip/tiny"));

    // A text, its ids, and those within 77 tokens where they are stored; the full vocabulary is part of the full sets alone.
    public static IEnumerable<(string File, JsonElement Row)> Cases =>
        new[] { Path.Combine(Folder, "tokenizers/clip") }.Where(path => File.Exists(Path.Combine(path, "merges.txt")))
            .SelectMany(path => JsonLines.Read(Path.Combine(path, "clip_cases.jsonl")).Select(row => (path, row)));

    [Fact]
    public void Encode_StoredTexts_GivesTheReferenceIds()
    {
        foreach (var group in Cases.GroupBy(x => x.File))
        {
            var tokenizer = ClipTokenizer.Load(group.Key);
            foreach (var (_, row) in group)
            {
                var text = row.GetProperty("text").GetString()!;
                Assert.Equal((text, Ids(row, "hf_ids")), (text, string.Join(' ', tokenizer.Encode(text))));
                if (row.TryGetProperty("hf_truncated_77", out _))
                {
                    Assert.Equal(Ids(row, "hf_truncated_77"), string.Join(' ', tokenizer.Encode(text, 77)));
                }
            }
        }
    }

    [Fact]
    public void Load_MergesAlone_GivesThePublishedVocabulary()
    {
        foreach (var folder in Cases.Select(x => x.File).Distinct())
        {
            var other = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "clip_other.json")));
            var tokenizer = ClipTokenizer.Load(folder);
            Assert.Equal(other.GetProperty("vocabulary_size").GetInt32(), tokenizer.VocabularySize);
            Assert.Equal((other.GetProperty("start_id").GetInt32(), other.GetProperty("end_id").GetInt32()), (tokenizer.Start, tokenizer.End));
        }
    }

    [Fact]
    public void Encode_Captions_GivesTheReferenceIds()
    {
        var golden = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "clip/tiny/clip_score.json")));
        foreach (var (text, ids) in golden.GetProperty("captions").EnumerateArray().Zip(golden.GetProperty("caption_ids").EnumerateArray()))
        {
            Assert.Equal(ids.EnumerateArray().Select(id => id.GetInt32()), Tiny.Encode(text.GetString()!));
        }

        var overlong = golden.GetProperty("overlong_caption");
        Assert.Equal(Ids(overlong, "ids"), string.Join(' ', Tiny.Encode(overlong.GetProperty("text").GetString()!)));
    }

    [Fact]
    public void Load_TokenizerJson_EqualsItsParts()
    {
        using var folder = new TemporaryFolder();
        var vocabulary = File.ReadAllText(Path.Combine(Folder, "clip/tiny/vocab.json"));
        var merges = JsonSerializer.Serialize(File.ReadAllLines(Path.Combine(Folder, "clip/tiny/merges.txt")).Skip(1));
        File.WriteAllText(folder.File("tokenizer.json"), $$"""{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {{vocabulary}}, "merges": {{merges}} } }""");
        const string Text = "A Young man's 2 horses, ünder the bridge!";
        Assert.Equal(Tiny.Encode(Text), ClipTokenizer.Load(folder.Path).Encode(Text));

        File.WriteAllText(folder.File("tokenizer.json"), $$"""{"model": {"type": "BPE", "vocab": {{vocabulary}}, "merges": [] } }""");
        Assert.Contains("end_of_word_suffix", Assert.Throws<UserException>(() => ClipTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_VocabularyWithoutEnd_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("vocab.json"), """{"a": 0}""");
        File.WriteAllText(folder.File("merges.txt"), "");
        Assert.Contains("<|startoftext|>", Assert.Throws<UserException>(() => ClipTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("merges.txt: no such file", Assert.Throws<UserException>(() => ClipTokenizer.Load(folder.File("none"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_HostileText_IsBounded()
    {
        // Ten million characters, unpaired surrogates, nothing at all.
        Assert.Equal(40, Tiny.Encode(string.Concat(Enumerable.Repeat("two dogs ", 1_000_000)), 40).Length);
        Assert.Equal([Tiny.Start, Tiny.End], Tiny.Encode("", 40));
        Assert.Equal(Tiny.Encode("a \uFFFD b"), Tiny.Encode("a \uD83D b"));
        Assert.Equal(40, Tiny.Encode(new string('<', 1_000_000), 40).Length);
    }

    private static string Ids(JsonElement row, string key) => string.Join(' ', row.GetProperty(key).EnumerateArray().Select(id => id.GetInt32()));
}
