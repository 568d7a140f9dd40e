using Corl.Text;

namespace Corl.Rewards;

/// <summary>Format (§3.3.1): 1 when the response is one think block followed by one answer block and nothing else, else 0.</summary>
public sealed class FormatReward : IReward
{
    /// <inheritdoc/>
    public string Name => "format";

    /// <inheritdoc/>
    public Modality Judges => Modality.Text;

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        var values = new float?[candidates.Count];
        for (var row = 0; candidates.Responses is { } responses && row < values.Length; row++)
        {
            values[row] = (float)AnswerTags.StrictFormat(responses[row]).Score;
        }

        return values;
    }
}
