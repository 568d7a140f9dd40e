using System.Globalization;
using Corl.Text;

namespace Corl.Tests.Text;

public sealed class UnicodeFormsTests
{
    [Fact]
    public void Compatibility_ConformanceSample_IsFormKc()
    {
        foreach (var line in File.ReadLines(GoldenFiles.Path("unicode/normalization-sample.txt")))
        {
            var columns = line.Split(';').Take(5).Select(Decode).ToArray();
            foreach (var column in columns)
            {
                Assert.Equal(columns[3], UnicodeForms.Compatibility(column)); // c4 = NFKC of every column
            }
        }
    }

    [Fact]
    public void Decomposed_ConformanceSample_IsFormD()
    {
        foreach (var line in File.ReadLines(GoldenFiles.Path("unicode/normalization-sample.txt")))
        {
            var columns = line.Split(';').Take(5).Select(Decode).ToArray();
            foreach (var column in columns[..3])
            {
                Assert.Equal(columns[2], UnicodeForms.Decomposed(column)); // c3 = NFD of c1 to c3
            }
        }
    }

    [Theory]
    [InlineData("\ud800", "\ud800")]
    [InlineData("a\udc00b\ud800", "a\udc00b\ud800")]
    [InlineData("Ａ\ud800½", "A\ud8001⁄2")]
    public void Compatibility_LoneSurrogates_Stay(string text, string expected) => Assert.Equal(expected, UnicodeForms.Compatibility(text));

    private static string Decode(string codes) =>
        string.Concat(codes.Split(' ').Select(code => char.ConvertFromUtf32(int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture))));
}
