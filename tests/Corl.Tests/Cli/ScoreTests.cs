using System.Text.Json;
using Corl.Cli;

namespace Corl.Tests.Cli;

public sealed class ScoreTests
{
    [Fact]
    public void Score_Answers_GivesEveryRewardPerRowInOrder()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), """
            {"question": "Which? A. cat B. dog", "answer": "B", "type": "MC", "response": "<think>It barks.</think><answer>B</answer>"}
            {"question": "What?", "answer": "a dog", "response": "a dog"}
            {"question": "Which? A. cat B. dog", "answer": "B", "type": "MC", "response": "<think>It purrs.</think><answer>A</answer>"}
            """);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", "refined-mcq", "--model", GoldenFiles.Path("janus/tiny/native"), "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        // Accuracy is judged with or without tags, the format is strict; refined-mcq weighs both with 1.
        Assert.Equal([(1, 1, 2), (1, 0, 1), (0, 1, 1)], run.Json.EnumerateArray().Select(row => (Number(row, "accuracy"), Number(row, "format"), Number(row, "reward"))));

        static double Number(JsonElement row, string name) => row.GetProperty(name).GetDouble();
    }

    [Theory]
    [InlineData("""{"respnse": "a"}""", "rows.jsonl, line 1: unknown key 'respnse'; did you mean 'response'?")]
    [InlineData("""{"image": "none.png"}""", "none.png: no such image file")]
    [InlineData("""{"type": "XX"}""", "type is 'XX', expected MC or OE")]
    public void Score_Mistake_IsOneLineAndTwo(string line, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), line);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"));
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
