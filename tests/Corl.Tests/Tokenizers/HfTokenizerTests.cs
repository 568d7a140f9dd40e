using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Corl.Tokenizers;
using static Corl.Tests.Tokenizers.TokenizerGolden;

namespace Corl.Tests.Tokenizers;

public sealed class HfTokenizerTests
{
    private static readonly Dictionary<int, string> Texts = Rows("texts.jsonl").ToDictionary(row => row.GetProperty("id").GetInt32(), row => row.GetProperty("text").GetString()!);

    public static TheoryData<string> Vocabularies() => TokenizerGolden.Vocabularies();

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Encode_GoldenTexts_GivesTheReferencesIds(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/encode.jsonl"))
        {
            var text = TextOf(row);
            var ids = tokenizer.Encode(text);
            if (row.TryGetProperty("ids", out var expected))
            {
                Assert.Equal(Numbers(expected), ids);
            }

            if (row.TryGetProperty("ids_sha256", out var hash))
            {
                Assert.Equal(hash.GetString(), Sha256(string.Join(',', ids)));
            }

            Assert.Equal(WithSpecial(row, ids), tokenizer.Encode(text, addSpecial: true));
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void EncodeWithOffsets_GoldenTexts_GivesTheReferencesTokensAndRanges(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/encode.jsonl"))
        {
            var text = TextOf(row);
            var encoded = tokenizer.EncodeWithOffsets(text);
            Assert.Equal(tokenizer.Encode(text), encoded.Ids);
            Assert.Equal(tokenizer.Encode(text, addSpecial: true), tokenizer.EncodeWithOffsets(text, addSpecial: true).Ids);
            if (row.TryGetProperty("tokens", out var tokens))
            {
                Assert.Equal(TokenizerGolden.Texts(tokens), encoded.Tokens);
                Assert.Equal(Numbers(row.GetProperty("offsets")), encoded.Offsets.SelectMany(range => new[] { range.Start, range.End }));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Decode_EncodedTexts_GivesTheReferencesTexts(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/encode.jsonl"))
        {
            var text = TextOf(row);
            var ids = tokenizer.Encode(text);
            AssertText(row.GetProperty("decoded"), text, tokenizer.Decode(ids, skipSpecial: false));
            AssertText(row.GetProperty("decoded_skip_special"), text, tokenizer.Decode(ids));
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Decode_BrokenSequences_GivesTheReferencesTexts(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/decode.jsonl"))
        {
            var ids = Numbers(row.GetProperty("ids"));
            Assert.Equal(row.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecial: false));
            Assert.Equal(row.GetProperty("decoded_skip_special").GetString(), tokenizer.Decode(ids, skipSpecial: true));
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Stream_IdById_GivesTheReferencesChunks(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/stream.jsonl"))
        {
            var ids = Numbers(row.GetProperty("ids"));
            foreach (var (key, whole, skipSpecial) in new[] { ("chunks", "decoded", false), ("chunks_skip_special", "decoded_skip_special", true) })
            {
                var stream = tokenizer.Stream(skipSpecial);
                var chunks = ids.Select(stream.Push).ToArray();
                Assert.Equal(TokenizerGolden.Texts(row.GetProperty(key)), chunks);
                Assert.Equal(row.GetProperty(whole).GetString(), string.Concat(chunks) + stream.Finish());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Encode_LoneSurrogates_CountAsReplacementCharacters(string vocabulary)
    {
        var tokenizer = Load(vocabulary);
        foreach (var row in Rows($"{vocabulary}/invalid_utf16.jsonl"))
        {
            var text = new string([.. Numbers(row.GetProperty("utf16")).Select(unit => (char)unit)]);
            Assert.Equal(Numbers(row.GetProperty("ids_after_replacement")), tokenizer.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void IdOf_EveryTokenOfTheFile_IsItsId(string vocabulary)
    {
        var file = JsonElement.Parse(Json(vocabulary));
        var tokenizer = Load(vocabulary);
        var entries = file.GetProperty("model").GetProperty("vocab").EnumerateObject().Select(entry => (entry.Name, Id: entry.Value.GetInt32()))
            .Concat(file.GetProperty("added_tokens").EnumerateArray().Select(token => (Name: token.GetProperty("content").GetString()!, Id: token.GetProperty("id").GetInt32())))
            .ToArray();
        Assert.All(entries, entry => Assert.Equal(entry.Id, tokenizer.IdOf(entry.Name)));
        Assert.All(entries, entry => Assert.Equal(entry.Name, tokenizer.TokenOf(entry.Id)));
        Assert.Equal(entries.Max(entry => entry.Id) + 1, tokenizer.VocabularySize);
        Assert.Null(tokenizer.TokenOf(tokenizer.VocabularySize));
        Assert.Null(tokenizer.TokenOf(-1));
        Assert.Null(tokenizer.IdOf("no such token"));
    }

    [Theory]
    [InlineData("Hello, how are you?", new[] { 17464, 11, 946, 418, 340, 30 })]
    [InlineData("\n\n12", new[] { 185, 185, 16, 17 })] // line breaks and digits stay alone
    public void Encode_DeepSeekLlm_GivesThePublishedIds(string text, int[] expected)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "deepseek-llm")), "DeepSeek's own vocabulary is not in this copy of the golden sets");
        Assert.Equal(expected, Load("deepseek-llm").Encode(text));
    }

    [Fact]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        var tokenizer = HfTokenizer.Parse("tiny-1b", Json("tiny-1b")); // with an empty cache
        var expected = Texts.Values.Select(text => Load("tiny-1b").Encode(text)).ToArray();
        Parallel.For(0, 4, _ => Assert.Equal(expected, Texts.Values.Select(text => tokenizer.Encode(text))));
    }

    private static string TextOf(JsonElement row) => row.TryGetProperty("text", out var text) ? text.GetString()! : Texts[row.GetProperty("id").GetInt32()];

    private static int[] WithSpecial(JsonElement row, int[] ids)
    {
        var stated = row.GetProperty("ids_with_special");
        return stated.ValueKind == JsonValueKind.String ? ids
            : stated.GetArrayLength() == 2 && stated[1].ValueKind == JsonValueKind.String ? [stated[0].GetInt32(), .. ids]
            : Numbers(stated);
    }

    private static void AssertText(JsonElement expected, string text, string actual)
    {
        if (expected.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(expected.GetProperty("sha256").GetString(), Sha256(actual));
        }
        else
        {
            Assert.Equal(expected.ValueKind == JsonValueKind.True ? text : expected.GetString(), actual);
        }
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
