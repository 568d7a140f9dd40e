using System.Text.RegularExpressions;

namespace Corl.Shapes;

/// <summary>
/// Answers questions about images.
/// </summary>
/// <param name="images">[B] images of <see cref="World.ImageBytes"/> bytes.</param>
/// <param name="questions">[B] questions.</param>
/// <param name="greedy">Whether to take the likeliest token instead of sampling at temperature 1.</param>
/// <param name="firstQuestion">The number of the first question in the whole benchmark: what a counter-based sampler keys its noise by.</param>
/// <returns>[B] completions, special tokens removed.</returns>
internal delegate IReadOnlyList<string> Respondent(IReadOnlyList<byte[]> images, IReadOnlyList<string> questions, bool greedy, int firstQuestion);

/// <summary>ShapesQA of one policy in one way of decoding; every number is a share, 0 to 1.</summary>
/// <param name="McqTagged">Multiple choice: right and inside the answer tags.</param>
/// <param name="McqLenient">Multiple choice: right, the whole completion counting as the answer where there are no tags.</param>
/// <param name="OpenEndedTagged">Open-ended: right and inside the answer tags.</param>
/// <param name="OpenEndedLenient">Open-ended: right, with or without tags.</param>
/// <param name="Format">Completions in exactly the asked format.</param>
internal sealed record ShapesQaScores(double McqTagged, double McqLenient, double OpenEndedTagged, double OpenEndedLenient, double Format);

/// <summary>Questions about held-out scenes, each asked as multiple choice and open-ended.</summary>
internal static partial class ShapesQa
{
    /// <summary>Questions of each type, as in the published figures of the Shapes world; a standard error is then about 0.03.</summary>
    public const int QuestionsPerType = 250;

    private const int Chunk = 125; // questions answered at once; half of the default of each type

    /// <summary>Asks every question and scores the answers.</summary>
    /// <param name="sampler">The policy.</param>
    /// <param name="greedy">How to decode.</param>
    /// <param name="perType">Questions of each type.</param>
    /// <param name="seen">Told every question with its completion, in order.</param>
    /// <param name="first">Where the seeds of the scenes begin.</param>
    public static ShapesQaScores Run(Respondent sampler, bool greedy, int perType = QuestionsPerType, Action<SceneQuestion, string>? seen = null, ulong first = Seeds.ShapesQa)
    {
        ShapesRecord[] records = [.. Enumerable.Range(0, perType).Select(i => ShapesRecord.Of(first + (ulong)i))];
        byte[][] images = [.. records.Select(record => SceneRenderer.Render(record.Scene))];
        var format = 0;
        var (mcqTagged, mcqLenient) = Ask(multipleChoice: true);
        var (openTagged, openLenient) = Ask(multipleChoice: false);
        return new ShapesQaScores(mcqTagged, mcqLenient, openTagged, openLenient, format / (2.0 * perType));

        (double Tagged, double Lenient) Ask(bool multipleChoice)
        {
            var (tagged, lenient) = (0, 0);
            for (var done = 0; done < perType; done += Chunk)
            {
                SceneQuestion[] questions = [.. records.Skip(done).Take(Chunk).Select(record => SceneQuestion.Of(record, multipleChoice))];
                var number = done + (multipleChoice ? 0 : perType);
                var completions = sampler(images[done..(done + questions.Length)], [.. questions.Select(q => q.Text)], greedy, number);
                for (var i = 0; i < questions.Length; i++)
                {
                    var isRight = IsRight(completions[i], questions[i].Answer);
                    lenient += isRight ? 1 : 0;
                    tagged += isRight && AnswerBlock().IsMatch(completions[i]) ? 1 : 0;
                    format += Format().IsMatch(completions[i].Trim()) ? 1 : 0;
                    seen?.Invoke(questions[i], completions[i]);
                }
            }

            return (tagged / (double)perType, lenient / (double)perType);
        }
    }

    /// <summary>
    /// Whether a completion gives the answer: the last answer block, or all of the text where there is none, without surrounding space,
    /// final full stops and the difference of case.
    /// </summary>
    public static bool IsRight(string completion, string answer)
    {
        var blocks = AnswerBlock().Matches(completion);
        var said = blocks.Count > 0 ? blocks[^1].Groups[1].Value : completion;
        return said.Trim().TrimEnd('.').Equals(answer, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex("<answer>(.*?)</answer>", RegexOptions.Singleline)]
    private static partial Regex AnswerBlock();

    [GeneratedRegex(@"\A<think>(?:(?!</?think>|</?answer>).)+</think>\s*<answer>(?:(?!</?think>|</?answer>).)+</answer>\z", RegexOptions.Singleline)]
    private static partial Regex Format();
}
