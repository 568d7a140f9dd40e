using System.Globalization;
using System.Text.Json;
using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>
/// How often the learnt parser leads to the original program's score. The bars are what it reaches on captions that it has not seen, less
/// about four standard errors, so that other pairs pass too; docs/spice.md has the numbers, and this test prints those of the pairs at hand.
/// </summary>
public sealed class SpiceAgreementTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("single", 0.74, 0.96)]
    [InlineData("multi", 0.40, 0.97)]
    [InlineData("prompts", 0.87, 0.93)]
    [InlineData("stops", 0.66, 0.94)]
    [InlineData("hand", 0.65, 0.72)]
    public void Score_GoldenPairs_AgreesWithTheOriginal(string set, double equalShare, double correlation)
    {
        var pairs = SpiceGoldenTests.Pairs(set).ToArray();
        string[] tests = [.. pairs.Select(pair => pair.GetProperty("test").GetString()!)];
        var (graphs, facts) = (Spice.Java.Graphs(tests), SpiceParser.Java.Facts(tests));
        var scores = new List<(double Ours, double Original)>();
        var (shared, ours, original) = (0, 0, 0);
        foreach (var (i, pair) in pairs.Index())
        {
            var references = pair.GetProperty("refs").EnumerateArray().Select(reference => reference.GetString()!);
            scores.Add((Spice.Java.Score(graphs[i], Spice.Java.Graph(references)).F, pair.GetProperty("scores").GetProperty("All").GetProperty("f").GetDouble()));
            var tuples = facts[i].Where(fact => !fact.IsCountOnly).Select(Raw).ToHashSet();
            var golden = pair.GetProperty("test_raw").EnumerateArray().Select(Raw).ToHashSet();
            (shared, ours, original) = (shared + tuples.Count(golden.Contains), ours + tuples.Count, original + golden.Count);
        }

        var equal = scores.Average(score => Math.Abs(score.Ours - score.Original) < 1e-9 ? 1.0 : 0);
        var difference = scores.Average(score => Math.Abs(score.Ours - score.Original));
        var r = Correlation(scores);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{set}: {scores.Count} pairs, equal F {equal:p1}, mean difference {difference:f3}, r {r:f3}, tuple F1 {2.0 * shared / (ours + original):f3}"));
        Assert.True(equal >= equalShare && r >= correlation, $"equal {equal}, r {r}");
    }

    private static double Correlation(List<(double Ours, double Original)> scores)
    {
        var (a, b) = (scores.Average(score => score.Ours), scores.Average(score => score.Original));
        double Sum(Func<(double Ours, double Original), double> term) => scores.Sum(term);
        return Sum(score => (score.Ours - a) * (score.Original - b))
            / Math.Sqrt(Sum(score => Math.Pow(score.Ours - a, 2)) * Sum(score => Math.Pow(score.Original - b, 2)));
    }

    private static string Raw(SceneFact fact) => string.Join(" | ", new[] { fact.Subject, fact.Attribute ?? fact.Target, fact.Relation }.Where(part => part is not null));

    private static string Raw(JsonElement tuple) => string.Join(" | ", tuple.EnumerateArray().Select(part => part.GetString()));
}
