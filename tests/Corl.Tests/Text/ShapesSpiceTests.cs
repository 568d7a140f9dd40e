using System.Text.Json;
using Corl.Text;

namespace Corl.Tests.Text;

public sealed class ShapesSpiceTests
{
    private const double Ulps = 1e-15; // the order of the divisions differs

    [Fact]
    public void Score_GoldenVectors_AreEqual()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("shapes/vectors.json")));
        foreach (var vector in vectors.RootElement.GetProperty("spice").EnumerateArray())
        {
            Assert.Equal(vector[2].GetDouble(), Spice.Shapes.Score(vector[0].GetString()!, vector[1].GetString()!).F, Ulps);
        }
    }

    [Fact]
    public void Score_GoldenRecords_HaveTheirTuplesAndScore()
    {
        foreach (var record in JsonLines.Read(GoldenFiles.Path("shapes/records.jsonl")))
        {
            var (caption, prompt) = (record.GetProperty("caption").GetString()!, record.GetProperty("prompt").GetString()!);
            var tuples = Spice.Shapes.Graph(prompt).Tuples.Select(Printed).Order(StringComparer.Ordinal);
            Assert.Equal(record.GetProperty("tuples").EnumerateArray().Select(tuple => tuple.GetString()).Order(StringComparer.Ordinal), tuples);
            Assert.Equal(record.GetProperty("spice").GetDouble(), Spice.Shapes.Score(caption, prompt).F, Ulps);
        }
    }

    [Theory]
    [InlineData("three blue squares", "two blue squares", 0.8)] // 3 squares, 3 blue against 2 and 2: 2 · 4 / (6 + 4)
    [InlineData("a star and a star", "a star", 2.0 / 3)] // the surplus star costs
    [InlineData("a red star left of a blue circle", "a star and a circle", 1)] // colours and relations that nobody asked for are free
    [InlineData("a red star left of a blue circle", "a red star and a circle", 6.0 / 7)] // blue costs once a colour is asked for
    [InlineData("a star right of a circle", "a circle left of a star", 1)]
    [InlineData("a star left of a circle", "a circle left of a star", 2.0 / 3)]
    [InlineData("four green crosses", "four green crosses", 1)]
    [InlineData("nothing", "a star", 0)]
    [InlineData("a star", "", 0)]
    public void Score_Multisets_CountsObjects(string candidate, string reference, double f) =>
        Assert.Equal(f, Spice.ShapesMultiset.Score(candidate, reference).F, Ulps);

    // Python prints ('square', 'red'), ('star',) and the number of ('square', 3) without quotes.
    private static string Printed(string[] tuple) =>
        "(" + string.Join(", ", tuple.Select(part => int.TryParse(part, out _) ? part : $"'{part}'")) + (tuple.Length == 1 ? ",)" : ")");
}
