using System.Text.Json;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

public sealed class WordPieceTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models/tokenizers/bert");
    private static readonly WordPiece Bert = WordPiece.Load(Folder);
    private static readonly JsonElement Other = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "wordpiece_other.json")));

    [Fact]
    public void Encode_GoldenTexts_EqualTheIds()
    {
        var count = 0;
        foreach (var row in JsonLines.Read(Path.Combine(Folder, "wordpiece_cases.jsonl")))
        {
            var ids = Bert.Encode(row.GetProperty("text").GetString()!);
            Assert.True(Ints(row.GetProperty("ids")).SequenceEqual(ids), $"case {row.GetProperty("index")}: {string.Join(' ', ids.Select(id => Bert.Tokens[id]))}");
            count++;
        }

        Assert.True(count > 0);
    }

    [Fact]
    public void Decode_GoldenIds_EqualTheTextsOfAllVariants()
    {
        foreach (var row in Other.GetProperty("decode").EnumerateArray())
        {
            var ids = Ints(row.GetProperty("ids"));
            Assert.Equal(row.GetProperty("text").GetString(), Bert.Decode(ids, cleanUp: false));
            Assert.Equal(row.GetProperty("text_clean_up").GetString(), Bert.Decode(ids));
            Assert.Equal(row.GetProperty("text_with_special").GetString(), Bert.Decode(ids, skipSpecial: false, cleanUp: false));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\ud800")]
    [InlineData("a\udc00\ufffdb")]
    public void Encode_BrokenText_GivesIds(string text) => Assert.Equal(Bert.Encode(text.Replace("\ud800", "").Replace("\udc00", "").Replace("\ufffd", "")), Bert.Encode(text));

    [Fact]
    public void Decode_IdsBeyondTheVocabulary_AreSkipped() => Assert.Equal("a dog", Bert.Decode([30522, 1037, -1, 3899, int.MaxValue]));

    [Fact]
    public void From_RepeatedToken_IsRefusedByLine()
    {
        var error = Assert.Throws<UserException>(() => WordPiece.From(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "a"], "vocab.txt"));
        Assert.Contains("line 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_NoSpecialTokens_IsRefusedByName()
    {
        var error = Assert.Throws<UserException>(() => WordPiece.From(["a", "b"], "vocab.txt"));
        Assert.Contains("[UNK]", error.Message, StringComparison.Ordinal);
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];
}
