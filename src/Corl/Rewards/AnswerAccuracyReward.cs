using Corl.Data;
using Corl.Text;
using Corl.Text.Mathematics;

namespace Corl.Rewards;

/// <summary>
/// Accuracy (§3.3.1): 1 when the answer is right, else 0, whatever its format; null where a row has no question.
/// <see cref="AnswerMatch"/> has the rules.
/// </summary>
public sealed class AnswerAccuracyReward : IReward
{
    /// <inheritdoc/>
    public string Name => "accuracy";

    /// <inheritdoc/>
    public Modality Judges => Modality.Text;

    /// <summary>How much mathematics is understood in open-ended answers; none unless asked for.</summary>
    public MathLevel Equivalence { get; init; }

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        var values = new float?[candidates.Count];
        if (candidates is { Responses: { } responses, Questions: { } questions, Answers: { } answers, Types: { } types })
        {
            for (var row = 0; row < values.Length; row++)
            {
                var prompt = candidates.PromptOf(row);
                var isMultipleChoice = types[prompt] == QuestionType.MultipleChoice;
                values[row] = (float)AnswerMatch.Accuracy(isMultipleChoice, questions[prompt], answers[prompt], responses[row], Equivalence).Score;
            }
        }

        return values;
    }
}
