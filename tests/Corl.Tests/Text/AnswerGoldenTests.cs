using System.Text.Json;
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

    [Fact]
    public void ReferenceMode_EveryGoldenCompletion_HasTheReferencesValues()
    {
        var faults = new List<string>();
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/answer_rewards.jsonl")))
        {
            string Text(string key) => row.GetProperty(key).GetString()!;
            var golden = row.GetProperty("ref_compat");
            Verdict Judge(bool isMultipleChoice) => ReferenceAnswers.Accuracy(isMultipleChoice, Text("problem"), Text("solution"), Text("completion"));
            void Check(string key, Verdict verdict)
            {
                var wanted = golden.GetProperty(key);
                var isEqual = wanted.ValueKind == JsonValueKind.String ? verdict.Rule.Contains(wanted.GetString()!, StringComparison.Ordinal)
                    : Math.Abs(wanted.GetDouble() - verdict.Score) < 1e-9;
                if (!isEqual)
                {
                    faults.Add($"{row.GetProperty("id")} {key}: wanted {wanted}, got {verdict}, for {Text("completion")}");
                }
            }

            Check("format", new Verdict(ReferenceAnswers.Format(Text("completion")), ""));
            Check("format_tag", new Verdict(ReferenceAnswers.FormatTags(Text("completion")), ""));
            Check("accuracy_as_wired", Judge(false));
            Check("accuracy_as_intended", Judge(Text("qa_type") == "MC"));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void QuestionPrompts_GoldenTemplates_AreWordForWord()
    {
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/training_prompts.jsonl")))
        {
            string Argument(string key) => row.GetProperty(key).GetString()!;
            Assert.Equal(Argument("text"), Argument("template") switch
            {
                "MCQ_PROMPT" => QuestionPrompts.MultipleChoice(Argument("Question")),
                "VQA_PROMPT" => QuestionPrompts.OpenEnded(Argument("Question")),
                "CLS_PROMPT" => QuestionPrompts.Species(Argument("Category")),
                "OD_PROMPT" => QuestionPrompts.Detection(Argument("Category")),
                _ => QuestionPrompts.SystemPrompt,
            });
        }
    }
}
