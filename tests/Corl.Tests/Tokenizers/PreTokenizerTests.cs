using System.Text;
using Corl.Tokenizers;
using static Corl.Tests.Tokenizers.TokenizerGolden;

namespace Corl.Tests.Tokenizers;

public sealed class PreTokenizerTests
{
    public static TheoryData<string> Names() => [.. Rows("pre_tokenizers.jsonl").Select(row => row.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Split_GoldenTexts_GivesTheReferencesPieces(string name)
    {
        var row = Rows("pre_tokenizers.jsonl").Single(r => r.GetProperty("name").GetString() == name);
        var config = JsonAt.Parse(name, Encoding.UTF8.GetBytes(row.GetProperty("config").GetRawText()));
        var steps = TokenizerFile.PreTokenizer(config, out var isByteLevel);
        var classes = AstralClasses.Of([.. steps.SelectMany(step => step.Pattern?.Sets ?? [])])!;
        var preTokenizer = new PreTokenizer(steps, classes, name);
        foreach (var test in row.GetProperty("cases").EnumerateArray())
        {
            var text = CodePointText.Of(test.GetProperty("text").GetString()!, classes);
            var pieces = new List<Piece>();
            if (text.Units.Length > 0)
            {
                preTokenizer.Split(new Piece(text, 0, text.Units.Length), pieces);
            }

            var expected = test.GetProperty("pieces").EnumerateArray().Select(piece => (piece[0].GetString()!, piece[1].GetInt32(), piece[2].GetInt32()));
            Assert.Equal(expected, pieces.Select(piece => (Spelt(piece, isByteLevel), piece.Text.OriginOf(piece.Start).Start, piece.Text.OriginOf(piece.End - 1).End)));
        }
    }

    private static string Spelt(Piece piece, bool isByteLevel)
    {
        var text = piece.Text.Utf16(piece.Start, piece.End).ToString();
        return isByteLevel ? ByteAlphabet.Spell(Encoding.UTF8.GetBytes(text)) : text;
    }
}
