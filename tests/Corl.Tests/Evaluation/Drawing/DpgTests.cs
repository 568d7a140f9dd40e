using System.Text.Json;
using Corl.Evaluation.Drawing;

namespace Corl.Tests.Evaluation.Drawing;

/// <summary>Whole runs of the official program, and small cases by hand.</summary>
public sealed class DpgTests
{
    public static IEnumerable<TheoryDataRow<int>> Runs => GoldenJson.Read("graders/dpg/runs.json").EnumerateArray().Select((_, i) => new TheoryDataRow<int>(i));

    [Theory]
    [MemberData(nameof(Runs))]
    public void Table_EveryRun_IsTheOfficialOne(int index)
    {
        var run = GoldenJson.Read("graders/dpg/runs.json")[index];
        var rules = DpgRules.Official with { KeepFirstRow = run.GetProperty("first_csv_row_is_a_dummy").GetBoolean() };
        var cells = run.GetProperty("pic_num").GetInt32();
        var rows = run.GetProperty("items").EnumerateArray().SelectMany(item => item.GetProperty("questions").EnumerateArray(), (item, question) => (item.GetProperty("item_id").GetString()!, Question(question))).ToArray();
        var answers = run.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("item_id").GetString()!, item => item);
        var images = DpgData.Items(rows, rules).Select(item => new DpgScore(item, [.. Enumerable.Range(0, cells).Select(cell => item.Questions.Select(question => Answer(answers[item.Id], cell, question.Id)).ToArray())])).ToArray();

        var table = new DpgTable(images, rules);
        Assert.Equal(run.GetProperty("failed_items").EnumerateArray().Select(item => item.GetString()), table.Failed);
        Assert.Equal(run.GetProperty("dpg_score").GetDouble(), table.Overall!.Value, 1e-9);
        var perImage = run.GetProperty("per_image");
        Assert.Equal(perImage.EnumerateObject().Count(), table.Images);
        foreach (var image in images.Where(image => image.Scores is not null))
        {
            var expected = perImage.GetProperty(image.Item.Id);
            Assert.Equal(GoldenJson.Numbers(expected.GetProperty("cells")), image.Cells);
            Assert.Equal(expected.GetProperty("image").GetDouble(), image.Image, 1e-9);
        }

        Check(run.GetProperty("level1"), table.Broad);
        Check(run.GetProperty("level2"), table.Detailed);
    }

    // Questions as "id<parents" in file order, the answers as y and n: scores by hand.
    [Theory]
    [InlineData("1 2<1 3<1 4<3", "yyny", 2.0 / 4)] // 4 hangs on 3
    [InlineData("1 2<1 3<2 4", "nyyy", 1.0 / 4)] // a zero is handed down
    [InlineData("1 3<2 2<1", "nyy", 1.0 / 3)] // 3 takes its turn before its parent loses its yes
    [InlineData("1 2 3<1,2", "yny", 1.0 / 3)] // one parent is enough
    [InlineData("1 2<1 3<2", "yyy", 1)]
    public void Gate_SmallCases_AsByHand(string questions, string answers, double score)
    {
        DpgQuestion[] list = [.. questions.Split(' ').Select(text => text.Split('<')).Select(parts => new DpgQuestion(int.Parse(parts[0]), parts.Length > 1 ? [.. parts[1].Split(',').Select(int.Parse)] : [0], "", ""))];
        var gated = DpgRules.Gate(list, [.. answers.Select(answer => answer == 'y')])!;
        Assert.Equal(score, gated.Average(), 1e-12);
        Assert.True(gated.Sum() <= answers.Count(answer => answer == 'y'));
    }

    // Cells .50 .25 1 .75: the image .625. Categories: officially the last cell's answers alone, fixed all cells' scores.
    [Fact]
    public void Table_FourCells_MeanOfCells()
    {
        DpgQuestion[] questions = [new(1, [0], "entity - whole (dog)", ""), new(2, [1], "entity - whole (cat)", ""), new(3, [1], "global - (photo)", ""), new(4, [0], "global - (photo)", "")];
        bool[][] cells = [[true, true, false, false], [false, true, true, true], [true, true, true, true], [true, false, true, true]];
        var image = new DpgScore(new DpgItem("a", "p", questions), cells);
        Assert.Equal([0.5, 0.25, 1, 0.75], image.Cells);
        Assert.Equal(0.625, image.Image);
        Assert.Equal([("entity", 50.0, 2), ("global", 100.0, 2)], new DpgTable([image], DpgRules.Official).Broad);
        Assert.Equal([("entity", 5.0 / 8 * 100, 8), ("global", 5.0 / 8 * 100, 8)], new DpgTable([image], DpgRules.Fixed).Broad);
    }

    [Theory]
    [InlineData("yes", true, true)]
    [InlineData("Yes", true, false)] // to the letter
    [InlineData("Yes.", false, true)]
    [InlineData("**No**, there is none", false, false)]
    [InlineData("I cannot tell", false, null)]
    [InlineData("", false, null)]
    public void Read_Replies_AreYesNoOrNeither(string reply, bool exact, bool? expected) => Assert.Equal(expected, Dpg.Read(reply, exact));

    private static void Check(JsonElement expected, IReadOnlyList<(string Category, double Score, int Count)> parts)
    {
        Assert.Equal(expected.EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal), parts.Select(part => part.Category));
        foreach (var (category, score, _) in parts)
        {
            Assert.Equal(expected.GetProperty(category).GetDouble(), score, 1e-9);
        }
    }

    private static DpgQuestion Question(JsonElement question) => new(
        question.GetProperty("proposition_id").GetInt32(), [.. question.GetProperty("dependency").EnumerateArray().Select(parent => parent.GetInt32())], question.GetProperty("tuple").GetString()!, "");

    private static bool Answer(JsonElement item, int cell, int question)
    {
        var place = item.GetProperty("questions").EnumerateArray().ToList().FindIndex(one => one.GetProperty("proposition_id").GetInt32() == question);
        return Dpg.Read(item.GetProperty("answers")[cell][place].GetString()!, exact: true) == true;
    }
}
