using Corl.Text;

namespace Corl.Tests.Text;

public sealed class AnswerGoldenTests
{
    [Fact]
    public void PaperMode_EveryGoldenCompletion_HasTheGoldenVerdictAndRule()
    {
        var faults = new List<string>();
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/answer_rewards.jsonl")))
        {
            string Text(string key) => row.GetProperty(key).GetString()!;
            var paper = row.GetProperty("paper");
            var format = AnswerTags.StrictFormat(Text("completion"));
            var accuracy = AnswerMatch.Accuracy(Text("qa_type") == "MC", Text("problem"), Text("solution"), Text("completion"));
            var (given, wanted) = ($"{format.Score} {format.Rule}; {accuracy.Score} {accuracy.Rule}",
                $"{paper.GetProperty("format")} {paper.GetProperty("format_rule")}; {paper.GetProperty("accuracy")} {paper.GetProperty("accuracy_rule")}");
            if (given != wanted)
            {
                faults.Add($"{row.GetProperty("id")}: wanted {wanted}, got {given}, for {Text("completion")}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
