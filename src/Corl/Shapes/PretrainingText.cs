using Corl.Tokenizers;

namespace Corl.Shapes;

/// <summary>A question and the answer that the model learns, as tokens.</summary>
/// <param name="Question">Up to where the answer begins, image placeholders in place.</param>
/// <param name="Answer">Up to and including the end token.</param>
/// <param name="ConclusionStart">Where in the answer the conclusion begins.</param>
/// <param name="ConclusionLength">Tokens of the conclusion; 0 where there is no reasoning.</param>
internal sealed record LearnedAnswer(int[] Question, int[] Answer, int ConclusionStart, int ConclusionLength)
{
    /// <summary>Tokens in all.</summary>
    public int Length => Question.Length + Answer.Length;
}

/// <summary>What pre-training reads about one record. A fixed share is wrong or without its reasoning, as web data is.</summary>
/// <param name="Prompt">Tokens that ask for the image.</param>
/// <param name="Unconditional">The same with the prompt hidden.</param>
/// <param name="Answers">Multiple choice, open-ended, description.</param>
internal sealed record PretrainingText(int[] Prompt, int[] Unconditional, IReadOnlyList<LearnedAnswer> Answers)
{
    private const double WrongPrompts = 0.10; // share of images that come with another record's prompt
    private const ulong NoiseStream = 3;
    private const ulong OtherPromptStream = 4;
    private const string Conclusion = " So"; // opens the conclusion …
    private const string EndOfThought = " </"; // … and this token, of " </think>", follows it

    /// <summary>The texts of every record.</summary>
    /// <param name="records">The records.</param>
    /// <param name="prompts">Writes prompts and questions.</param>
    /// <param name="bareShare">Share of answers that are given without reasoning and tags, in [0, 1].</param>
    public static PretrainingText[] Of(IReadOnlyList<ShapesRecord> records, JanusPrompt prompts, double bareShare)
    {
        var opening = prompts.Tokenizer.Encode(Conclusion)[0];
        var closing = prompts.Tokenizer.Encode(EndOfThought)[0];
        return [.. records.Select(record => Of(record))];

        PretrainingText Of(ShapesRecord record)
        {
            var random = new CounterRng(record.Seed, NoiseStream);
            var isWrong = random.Uniform() < WrongPrompts;
            var other = new CounterRng(record.Seed, OtherPromptStream).Below(records.Count);
            var prompt = prompts.TextToImage((isWrong ? records[other] : record).Prompt);
            LearnedAnswer[] answers =
            [
                Answered(SceneQuestion.Of(record, multipleChoice: true), random.Uniform() < bareShare),
                Answered(SceneQuestion.Of(record, multipleChoice: false), random.Uniform() < bareShare),
                Plain(SceneQuestion.Describe, SceneCaption.Of(record.Scene.Objects)),
            ];
            return new PretrainingText(prompt, prompts.Unconditional(prompt), answers);
        }

        LearnedAnswer Answered(SceneQuestion question, bool isBare)
        {
            if (isBare)
            {
                return Plain(question.Text, question.Answer);
            }

            var answer = prompts.Answer(question.Response);
            var start = Array.IndexOf(answer, opening) + 1;
            var end = Array.IndexOf(answer, closing, start);
            return new LearnedAnswer(prompts.Question(question.Text), answer, start, end - start);
        }

        LearnedAnswer Plain(string question, string answer) => new(prompts.Question(question), prompts.Answer(answer), 0, 0);
    }
}
