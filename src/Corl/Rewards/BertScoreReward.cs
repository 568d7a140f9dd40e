using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>
/// BERTScore's F between a prompt and what a captioner says about its image: what the reference code has as textual half of Eq. (3), apart
/// from it. Captions that are given are taken as they are; an image with a value that is not a number cannot be scored; null without a prompt or
/// anything to compare it with.
/// </summary>
/// <param name="similarity">Compares texts; with idf a row's score would depend on the rest of the batch.</param>
/// <param name="captioner">Puts images into words.</param>
public sealed class BertScoreReward(BertScore similarity, BlipCaptioner captioner) : IReward
{
    /// <inheritdoc/>
    public string Name => "bertscore";

    /// <inheritdoc/>
    public Modality Judges => Modality.Image;

    /// <summary>How captions are written; greedy with at most 50 tokens, as the reference does.</summary>
    public CaptionOptions Captioning { get; init; } = new();

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        var (values, notes) = (new float?[candidates.Count], new string?[candidates.Count]);
        int[] rows = [.. Enumerable.Range(0, candidates.Count).Where(row => candidates.Prompts[candidates.PromptOf(row)].Length > 0)];
        if (rows.Length == 0 || (candidates.Images is null && candidates.Captions is null))
        {
            return values;
        }

        using var scope = NewDisposeScope();
        var images = candidates.Images?.index_select(0, tensor(rows.Select(row => (long)row).ToArray(), device: candidates.Images.device));
        var captions = candidates.Captions is { } given ? [.. rows.Select(row => given[row])] : captioner.Caption(images!, Captioning);
        var isUsable = images is null ? [.. rows.Select(_ => true)] : CandidateImages.Usable(images);
        var scores = similarity.Score(captions, [.. rows.Select(row => candidates.Prompts[candidates.PromptOf(row)])]);
        for (var i = 0; i < rows.Length; i++)
        {
            (notes[rows[i]], values[rows[i]]) = (captions[i], isUsable[i] ? (float)scores[i].F : float.NaN);
        }

        return new Scores(values) { Notes = new Dictionary<string, string?[]> { ["caption"] = notes } };
    }
}
