using Corl.Data;
using Corl.Data.Curation;
using Corl.Evaluation.Judges;
using Corl.Imaging;
using Corl.Text;

namespace Corl.Cli;

/// <summary>
/// Reasoning written by a judge model. It sees the image and the question as the policy does; a reply counts when it keeps the format and
/// comes to the known answer, otherwise it is asked again, and after some attempts the row is dropped. Replies are kept by the judge's
/// cache, so that a run that was stopped asks nothing twice.
/// </summary>
internal sealed class ReasonedAnswers(IJudge judge, RewriteSettings settings, CurationCounts counts, CancellationToken cancellation)
{
    private const int MaxTokens = 1024;      // ours: twice the longest answer of Table 5
    private const int WindowsAtOnce = 4;     // rows in memory for every open question, so that a slow one holds up few

    /// <summary>The rows with their reasoning, in their order; those that the judge cannot answer are left out.</summary>
    public IEnumerable<CuratedRow> Write(IEnumerable<CuratedRow> rows)
    {
        foreach (var window in rows.Chunk(judge.AtOnce * WindowsAtOnce))
        {
            foreach (var row in Task.WhenAll(window.Select(Write)).GetAwaiter().GetResult())
            {
                if (row is null)
                {
                    counts.NotRewritten++;
                }
                else
                {
                    yield return row;
                }
            }
        }
    }

    private async Task<CuratedRow?> Write(CuratedRow row)
    {
        if (settings.OnlyMissing && AnswerTags.StrictFormat(row.Text.Solution).Score == 1)
        {
            return row;
        }

        var (png, isChoice) = (ImageCodec.EncodePng(ImageCodec.Decode(row.Image, row.Id)), row.Text.Type == QuestionType.MultipleChoice);
        for (var attempt = 0; attempt < settings.Attempts; attempt++)
        {
            var reply = await judge.AskAsync(
                new JudgeRequest
                {
                    Label = $"curate/{row.Id}",
                    Model = judge.Model ?? throw new UserException("the recipe has a section 'rewrite': name the judge's model with --judge-model"),
                    Temperature = attempt == 0 ? 0 : 1, // the same words at temperature 0 would bring the same reply
                    MaxTokens = MaxTokens,
                    Attempt = attempt,
                    Messages = [new JudgeMessage(JudgeRole.User, Question(row)) { Images = [png] }],
                },
                cancellation);
            if (AnswerTags.StrictFormat(reply.Text).Score == 1 && AnswerMatch.Accuracy(isChoice, row.Text.Question, row.Text.Solution, reply.Text).Score == 1)
            {
                AnswerTags.Blocks(reply.Text, AnswerTags.ThinkOpen, AnswerTags.ThinkClose, out var thoughts);
                return row with { Text = row.Text with { Solution = ProblemText.Solved(thoughts[0], row.Text.Answer) } };
            }
        }

        return null;
    }

    private string Question(CuratedRow row) => settings.ShowsAnswer
        ? $"{row.Text.Question}\n\nThe right answer is {row.Text.Answer}. Think as if you had to find it, and do not mention that you were told."
        : row.Text.Question;
}
