using System.Text.Json;
using Corl.Evaluation.Drawing;

namespace Corl.Tests.Evaluation.Drawing;

/// <summary>Verdicts, relations and summaries of the official scripts over synthetic detections.</summary>
public sealed class GenEvalRulesTests
{
    private static IEnumerable<JsonElement> Verdicts => JsonLines.Read(GoldenFiles.Path("graders/geneval/verdicts.jsonl"));

    [Fact]
    public void Judge_EveryVerdict_IsTheOfficialOne()
    {
        var count = 0;
        foreach (var row in Verdicts)
        {
            var id = row.GetProperty("id").GetInt32();
            var verdict = Judge(row);
            Assert.Equal((id, row.GetProperty("correct").GetBoolean()), (id, verdict.Correct));
            Assert.Equal(Sorted(row.GetProperty("reason").GetString()!), Sorted(verdict.Reason));
            var kept = row.GetProperty("kept_per_class").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetInt32());
            Assert.Equal(kept, verdict.Kept.ToDictionary(pair => pair.Key, pair => pair.Value.Count));
            if (row.GetProperty("kept_boxes") is { ValueKind: JsonValueKind.Object } boxes)
            {
                var details = JsonElement.Parse(GenEvalRow.Of("x", Metadata(row), verdict).Details);
                Assert.Equal(Boxes(boxes), Boxes(details));
            }

            count++;
        }

        Assert.True(count >= 300);
    }

    [Fact]
    public void Relations_EveryPair_IsTheOfficialOneAndOppositeWhenSwapped()
    {
        var rules = new GenEvalRules();
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/geneval/relations.jsonl")))
        {
            var (a, b) = (BoxOf(row.GetProperty("a")), BoxOf(row.GetProperty("b")));
            string[] expected = [.. row.GetProperty("relations").EnumerateArray().Select(one => one.GetString()!)];
            Assert.Equal(expected, rules.Relations(a, b).Order(StringComparer.Ordinal));
            Assert.Equal(expected.Select(Opposite).Order(StringComparer.Ordinal), rules.Relations(b, a).Order(StringComparer.Ordinal));
            Assert.Equal(row.GetProperty("iou").GetDouble(), Box.Overlap(a, b), 1e-9);
        }
    }

    [Fact]
    public void Summary_Texts_AreTheOfficialOnes()
    {
        var summary = GoldenJson.Read("graders/geneval/summary.json");
        var images = summary.GetProperty("images").EnumerateArray().Select(image => new GenEvalOutcome(image.GetProperty("tag").GetString()!, image.GetProperty("metadata").GetString()!, image.GetProperty("correct").GetBoolean()));
        Assert.Equal(summary.GetProperty("printed").GetString(), new GenEvalSummary([.. images]).ToText());
        var verdicts = Verdicts.Select(row => new GenEvalOutcome(row.GetProperty("metadata").GetProperty("tag").GetString()!, row.GetProperty("metadata").GetRawText(), Judge(row).Correct));
        Assert.Equal(summary.GetProperty("printed_for_verdicts").GetString(), new GenEvalSummary([.. verdicts]).ToText());
    }

    // Correct and all images of the six tasks, by hand: .9875 .8586 .7094 .8989 .6800 .5600, whose mean is .78240; the share of all images is .7762.
    [Fact]
    public void Overall_IsTheMeanOfTasks()
    {
        (string Tag, int Correct, int Images)[] tasks = [("single_object", 316, 320), ("two_object", 340, 396), ("counting", 227, 320), ("colors", 338, 376), ("position", 272, 400), ("color_attr", 224, 400)];
        var summary = new GenEvalSummary([.. tasks.SelectMany(task => Enumerable.Range(0, task.Images).Select(i => new GenEvalOutcome(task.Tag, $"{task.Tag}{i / 4}", i < task.Correct)))]);
        Assert.Equal((0.78240, 0.7762), (Math.Round(summary.Overall, 5), Math.Round(summary.CorrectImages, 4)));
    }

    [Fact]
    public void Judge_ObjectsOfOtherClasses_ChangeNothing()
    {
        var metadata = GenEvalMetadata.Parse("x", """{"tag":"counting","include":[{"class":"dog","count":2}],"exclude":[{"class":"dog","count":3}],"prompt":"a photo of two dogs"}""");
        DetectedObject[] dogs = [.. Enumerable.Range(0, 2).Select(i => new DetectedObject("dog", new Box(i, 0, i + 5, 5), 0.95f))];
        DetectedObject[] cats = [.. Enumerable.Range(0, 30).Select(i => new DetectedObject("cat", new Box(i, 0, i + 5, 5), 0.99f))];
        Assert.True(new GenEvalRules().Judge(metadata, [.. cats, .. dogs], CocoClasses.GenEval, _ => []).Correct);
        Assert.False(new GenEvalRules { CountingThreshold = 0.96f }.Judge(metadata, [.. cats, .. dogs], CocoClasses.GenEval, _ => []).Correct);
    }

    [Theory]
    [InlineData("""{"tag":"x","prompt":"y"}""", "expected 'include' or 'exclude'")]
    [InlineData("""{"tag":"x","prompt":"y","include":[{"class":"dog","count":1,"position":["left of",0]}]}""", "include[0].position: the first entry has none before it")]
    [InlineData("""{"tag":"x","prompt":"y","include":[{"class":"dog","count":1},{"class":"cat","count":1,"position":["left of",1]}]}""", "include[1].position[1]: expected an integer from 0 to 0")]
    [InlineData("""{"tag":"x","prompt":"y","include":[{"class":"dog","count":1},{"class":"cat","count":1,"position":["near",0]}]}""", "expected [relation, number of an earlier entry]")]
    public void Parse_MalformedLine_IsNamed(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<UserException>(() => GenEvalMetadata.Parse("x", line)).Message, StringComparison.Ordinal);

    private static GenEvalVerdict Judge(JsonElement row)
    {
        var options = row.GetProperty("options");
        double Option(string name, double standard) => options.TryGetProperty(name, out var value) ? value.GetDouble() : standard;
        var rules = new GenEvalRules
        {
            Threshold = (float)Option("threshold", 0.3),
            CountingThreshold = (float)Option("counting_threshold", 0.9),
            MaxObjects = (int)Option("max_objects", 16),
            MaxOverlap = Option("max_overlap", 1),
            PositionThreshold = (float)Option("position_threshold", 0.1),
        };
        var found = row.GetProperty("detections").EnumerateObject().SelectMany(one => one.Value.EnumerateArray(), (one, detection) =>
            new DetectedObject(one.Name, BoxOf(detection.GetProperty("box")), (float)detection.GetProperty("score").GetDouble()) { Color = detection.GetProperty("color").GetString() });
        return rules.Judge(Metadata(row), [.. found], CocoClasses.GenEval, objects => [.. objects.Select(one => one.Color!)]);
    }

    private static GenEvalMetadata Metadata(JsonElement row) => GenEvalMetadata.Parse("golden", row.GetProperty("metadata").GetRawText());

    // Relations that hold together stand in the order of a set.
    private static string[] Sorted(string reason) => [.. reason.Split('\n').Select(line => string.Join(' ', line.Split(' ').Order(StringComparer.Ordinal)))];

    private static string Opposite(string relation) => relation switch
    {
        "left of" => "right of",
        "right of" => "left of",
        "above" => "below",
        _ => "above",
    };

    private static string[] Boxes(JsonElement classes) =>
        [.. classes.EnumerateObject().SelectMany(one => one.Value.EnumerateArray(), (one, box) => $"{one.Name} {string.Join(' ', box.EnumerateArray().Select(value => value.GetDouble()))}")];

    private static Box BoxOf(JsonElement box) => box.EnumerateArray().Select(edge => (float)edge.GetDouble()).ToArray() is [var left, var top, var right, var bottom] ? new Box(left, top, right, bottom) : throw new InvalidOperationException();
}
