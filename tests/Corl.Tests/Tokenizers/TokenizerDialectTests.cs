using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

/// <summary>Patterns, behaviours, normalizers and post-processors that DeepSeek's own file does not use.</summary>
public sealed class TokenizerDialectTests
{
    private static readonly JsonElement[] Cases = [.. JsonLines.Read(GoldenFiles.Path("tokenizer-dialect/cases.jsonl"))];

    public static TheoryData<int> Numbers() => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void EncodeWithOffsets_OtherDialect_GivesTheReferencesIdsAndRanges(int number)
    {
        // The words of this vocabulary are those that the cases were made with.
        var file = JsonNode.Parse(File.ReadAllText(GoldenFiles.Path("tokenizers/tiny-1b/tokenizer.json")))!.AsObject();
        foreach (var part in Cases[number].GetProperty("override").EnumerateObject())
        {
            file[part.Name] = JsonNode.Parse(part.Value.GetRawText());
        }

        var tokenizer = HfTokenizer.Parse($"case {number}", Encoding.UTF8.GetBytes(file.ToJsonString()));
        foreach (var row in Cases[number].GetProperty("rows").EnumerateArray())
        {
            var encoded = tokenizer.EncodeWithOffsets(row.GetProperty("text").GetString()!);
            Assert.Equal(TokenizerGolden.Numbers(row.GetProperty("ids")), encoded.Ids);
            Assert.Equal(TokenizerGolden.Numbers(row.GetProperty("offsets")), encoded.Offsets.SelectMany(range => new[] { range.Start, range.End }));
        }
    }
}
