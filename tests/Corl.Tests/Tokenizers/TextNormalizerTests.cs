using System.Globalization;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

public sealed class TextNormalizerTests
{
    [Fact]
    public void Apply_Nfc_GivesTheComposedColumns()
    {
        // Columns of Unicode's NormalizationTest.txt: source; NFC; NFD; NFKC; NFKD. NFC of the first three is the second, of the last two the fourth.
        foreach (var line in File.ReadLines(GoldenFiles.Path("unicode/normalization-sample.txt")).Where(line => line.Length > 0 && char.IsAsciiHexDigit(line[0])))
        {
            var columns = line.Split(';').Take(5).Select(Runes).ToArray();
            Assert.All([0, 1, 2], i => Assert.Equal(columns[1], Nfc(columns[i]).Select(rune => rune.Value)));
            Assert.All([3, 4], i => Assert.Equal(columns[3], Nfc(columns[i]).Select(rune => rune.Value)));
        }

        static int[] Runes(string column) => [.. column.Split(' ').Select(word => int.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }

    [Fact]
    public void Apply_Nfc_ComposedCharactersComeFromTheirFirstPart() // as in tokenizers' golden offsets: "e\u0301" is at [0, 1)
    {
        var runes = Nfc(['x', 'e', 0x301, 'y']);
        Assert.Equal([new('x', 0, 1), new(0xE9, 1, 2), new('y', 3, 4)], runes);
    }

    [Fact]
    public void Apply_Lowercase_DottedCapitalIBecomesTwo()
    {
        var runes = TextNormalizer.Apply([Normalization.Lowercase], [new('A', 0, 1), new(0x130, 1, 2), new(0x10400, 2, 3)]);
        Assert.Equal([new('a', 0, 1), new('i', 1, 2), new(0x307, 1, 2), new(0x10428, 2, 3)], runes);
    }

    private static AlignedRune[] Nfc(int[] runes) => TextNormalizer.Apply([Normalization.Nfc], [.. runes.Select((rune, i) => new AlignedRune(rune, i, i + 1))]);
}
