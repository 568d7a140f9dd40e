using System.Text.Json;
using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>Graph building, synonym merging, matching and scoring against the original program, from its own raw tuples.</summary>
public sealed class SpiceGoldenTests
{
    [Theory]
    [InlineData("hand")]
    [InlineData("prompts")]
    [InlineData("single")]
    [InlineData("multi")]
    [InlineData("stops")]
    public void Score_RawTuplesOfTheOriginal_GiveItsTuplesAndScores(string set)
    {
        var count = 0;
        foreach (var pair in Pairs(set))
        {
            var test = new SceneGraph(Facts(pair.GetProperty("test_raw")), SynsetIds.Meteor).Compile();
            var reference = new SceneGraph(pair.GetProperty("ref_raw").EnumerateArray().SelectMany(Facts), SynsetIds.Meteor).Compile();
            var report = new SpiceReport(test, reference);
            var id = pair.GetProperty("id").GetString();
            if (pair.GetProperty("stable").GetBoolean())
            {
                Assert.Equal(Golden(pair.GetProperty("test_tuples"), pair.GetProperty("test_truth")), Printed(report.Candidate));
                // The original marks one reference tuple for each match, in hash order; ours marks all that match.
                var (golden, printed) = (Golden(pair.GetProperty("ref_tuples"), pair.GetProperty("ref_truth")).ToList(), Printed(report.Reference).ToList());
                Assert.Equal(golden.Select(Unmarked), printed.Select(Unmarked));
                Assert.All(golden.Where(tuple => tuple.EndsWith("True", StringComparison.Ordinal)), tuple => Assert.Contains(tuple, printed));
            }

            var scores = pair.GetProperty("scores");
            var all = scores.GetProperty("All");
            var score = SpiceScore.OfSets(test, reference);
            Assert.True(Math.Abs(all.GetProperty("f").GetDouble() - score.F) < 1e-12, $"{id}: {score.F}");
            Assert.Equal(all.GetProperty("pr").GetDouble(), score.Precision, 1e-12);
            Assert.Equal(all.GetProperty("re").GetDouble(), score.Recall, 1e-12);
            AssertPart(scores, "Object", report.Objects, id);
            AssertPart(scores, "Attribute", report.Attributes, id);
            AssertPart(scores, "Relation", report.Relations, id);
            AssertPart(scores, "Color", report.Colour, id);
            AssertPart(scores, "Cardinality", report.Cardinality, id);
            count++;
        }

        Assert.True(count > 0);
    }

    [Fact]
    public void Synsets_GoldenWords_ShareWhatTheOriginalLooksUp()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("spice/wordnet_words.json")));
        var words = golden.RootElement.GetProperty("words").EnumerateArray()
            .ToDictionary(entry => entry.GetProperty("word").GetString()!, entry => entry.GetProperty("ids").GetArrayLength());
        var pairs = golden.RootElement.GetProperty("pairs").EnumerateArray()
            .ToDictionary(pair => (pair[0].GetString()!, pair[1].GetString()!), pair => (pair[2].GetInt32(), pair[3].GetInt32()));
        var ids = words.Keys.ToDictionary(word => word, word => WordNet.Shared.Synsets(word, SynsetIds.Meteor));
        Assert.All(words, word => Assert.Equal(word.Value, ids[word.Key].Length));
        foreach (var (a, b) in words.Keys.SelectMany(a => words.Keys.Where(b => string.CompareOrdinal(a, b) < 0).Select(b => (a, b))))
        {
            var shared = ids[a].Intersect(ids[b]).Count();
            var wanted = pairs.TryGetValue((a, b), out var counts) || pairs.TryGetValue((b, a), out counts) ? counts : (0, ids[a].Union(ids[b]).Count());
            Assert.True(wanted == (shared, ids[a].Union(ids[b]).Count()), $"{a}, {b}: {shared}");
        }
    }

    internal static IEnumerable<JsonElement> Pairs(string set) => JsonLines.Read(GoldenFiles.Path($"spice/pairs_{set}.jsonl.gz"));

    // Raw tuples of three are [subject, object, relation].
    private static IEnumerable<SceneFact> Facts(JsonElement raw) => raw.EnumerateArray().Select(tuple => tuple.EnumerateArray().Select(part => part.GetString()!).ToArray() switch
    {
        [var name] => SceneFact.OfObject(name),
        [var name, var attribute] => SceneFact.OfAttribute(name, attribute),
        var parts => SceneFact.OfRelation(parts[0], parts[2], parts[1]),
    });

    // Merged concepts come in hash order in the golden file.
    private static string Sorted(string concept) => string.Join('/', concept.Split('/').Order(StringComparer.Ordinal));

    private static IEnumerable<string> Golden(JsonElement tuples, JsonElement truth) => tuples.EnumerateArray()
        .Zip(truth.EnumerateArray(), (tuple, isTrue) => $"{string.Join(" | ", tuple.EnumerateArray().Select(part => Sorted(part.GetString()!)))} {isTrue.GetBoolean()}")
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Printed(IReadOnlyList<ReportedTuple> tuples) =>
        tuples.Select(tuple => $"{string.Join(" | ", tuple.Parts.Select(Sorted))} {tuple.IsMatched}").Order(StringComparer.Ordinal);

    private static string Unmarked(string tuple) => tuple[..tuple.LastIndexOf(' ')];

    private static void AssertPart(JsonElement scores, string name, SpicePart part, string? id)
    {
        var golden = scores.GetProperty(name);
        var counts = (golden.GetProperty("tp").GetInt32(), golden.GetProperty("fp").GetInt32(), golden.GetProperty("fn").GetInt32());
        Assert.True(counts == (part.True, part.False, part.Missed), $"{id} {name}: {part}");
        var f = golden.GetProperty("f");
        Assert.Equal(f.ValueKind == JsonValueKind.Null ? double.NaN : f.GetDouble(), part.F, 1e-12);
    }
}
