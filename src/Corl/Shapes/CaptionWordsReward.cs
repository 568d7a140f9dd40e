using Corl.Models;
using Corl.Rewards;

namespace Corl.Shapes;

/// <summary>
/// The Shapes world's stand-in for the CLIP score of the paper's pilot study, which has no model here: how many words the prompt and the
/// tiny captioner's caption of the image share, as F-score over multisets of words. Like a CLIP score it judges image and prompt as wholes,
/// and it does not see which colour belongs to which shape, nor who is left of whom.
/// </summary>
/// <param name="captioner">Describes the images.</param>
internal sealed class CaptionWordsReward(BlipCaptioner captioner) : IReward
{
    private static readonly string[] Empty = ["a", "an", "and", "of", "photo", "image", "picture", "showing", ""]; // say nothing about what is there

    public string Name => "caption_words";

    public Modality Judges => Modality.Image;

    /// <summary>F-score of two texts' words, 0 to 1; 0 where one has none.</summary>
    public static float Overlap(string caption, string prompt)
    {
        var (said, asked) = (Words(caption), Words(prompt));
        var shared = said.GroupBy(word => word).Sum(group => Math.Min(group.Count(), asked.Count(word => word == group.Key)));
        return shared == 0 ? 0 : 2f * shared / (said.Length + asked.Length);
    }

    public Scores Score(Candidates candidates)
    {
        var values = new float?[candidates.Count];
        if (candidates.Images is not { } images)
        {
            return values;
        }

        var captions = candidates.Captions ?? captioner.Caption(images);
        for (var row = 0; row < values.Length; row++)
        {
            var prompt = candidates.Prompts[candidates.PromptOf(row)];
            values[row] = prompt.Length == 0 ? null : Overlap(captions[row], prompt);
        }

        return new Scores(values) { Notes = new Dictionary<string, string?[]> { ["caption"] = [.. captions] } };
    }

    private static string[] Words(string text) => [.. text.ToLowerInvariant().Split([' ', ',', '.']).Where(word => !Empty.Contains(word))];
}
