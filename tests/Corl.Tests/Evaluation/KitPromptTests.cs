using System.Text.Json;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>The prompts of the nine benchmarks against those that the kit's wrapper of Janus builds.</summary>
public sealed class KitPromptTests
{
    public static IEnumerable<TheoryDataRow<string>> DataSets => GoldenJson.Read("graders/vlmeval/prompts.json").EnumerateObject().Select(set => new TheoryDataRow<string>(set.Name));

    [Theory]
    [MemberData(nameof(DataSets))]
    public void Items_GoldenRows_AreTheKitsMessages(string dataSet)
    {
        var golden = GoldenJson.Read("graders/vlmeval/prompts.json").GetProperty(dataSet);
        var task = KitGolden.Task(dataSet);
        using var folder = new TemporaryFolder();
        KitGolden.WriteTsv(folder.File("data.tsv"), [.. golden.GetProperty("rows").EnumerateArray().Select(row => WithColumns(row, task))]);
        using var data = KitData.Open(task, folder.File("data.tsv"));
        foreach (var profile in KitGolden.Profiles)
        {
            var expected = KitGolden.Of(golden.GetProperty("prompts"), profile).EnumerateArray().ToArray();
            var benchmark = new KitBenchmark(task, data, new KitSettings { Profile = profile }, judge: null, Corl.Evaluation.Judges.JudgeProtocol.Open(null));
            Assert.Equal(expected.Length, benchmark.Items.Count);
            foreach (var (item, row) in benchmark.Items.Zip(expected))
            {
                var message = row.GetProperty("janus_message").EnumerateArray().ToArray();
                Assert.Equal(message[^1].GetProperty("value").GetString(), item.Prompt);
                Assert.Equal(message.Length - 1, item.Images.Count);
                Assert.Equal(row.GetProperty("index").ToString(), item.Id);
                Assert.Equal(dataSet == "MMVet" ? KitPrompt.MmVetSystemPrompt : null, item.SystemPrompt);
            }
        }
    }

    [Fact]
    public void Cot_ChoiceAndOpen_UseTheTrainingPrompts()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.tsv"), $"index\tquestion\thint\tA\tB\tanswer\tcategory\timage\n1\tWhich?\tLook.\tcat\tdog\tA\tx\t{KitGolden.Image}\n2\tHow many?\t\t\t\t3\tx\t{KitGolden.Image}\n");
        var task = KitGolden.Task("MMStar");
        using var data = KitData.Open(task, folder.File("data.tsv"));
        Assert.StartsWith("\nHint: Look.\nQuestion: Which?\nOptions:\nA. cat\nB. dog\n\nAnswer the question based on", KitPrompt.Text(task, data.Table, 0, PromptStyle.Cot), StringComparison.Ordinal);
        Assert.EndsWith("<answer>option letter</answer>", KitPrompt.Text(task, data.Table, 0, PromptStyle.Cot), StringComparison.Ordinal);
        Assert.EndsWith("<answer>concise answer</answer>", KitPrompt.Text(task, data.Table, 1, PromptStyle.Cot), StringComparison.Ordinal);
    }

    // The golden rows hold what a prompt needs; a file must also have what scoring needs.
    private static JsonElement WithColumns(JsonElement row, KitTask task)
    {
        var cells = row.EnumerateObject().ToDictionary(cell => cell.Name, cell => (object?)cell.Value);
        foreach (var column in task.Columns)
        {
            cells.TryAdd(column, null);
        }

        return JsonSerializer.SerializeToElement(cells);
    }
}
