using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>
/// CLIP score of a generated image and its prompt, the reward of the paper's pilot study (§3.2): scale · cos(image, prompt). An image with
/// a value that is not a number cannot be scored; null without an image or a prompt.
/// </summary>
/// <param name="clip">Sees images and reads prompts.</param>
public sealed class ClipScoreReward(ClipModel clip) : IReward
{
    /// <inheritdoc/>
    public string Name => "clip";

    /// <inheritdoc/>
    public Modality Judges => Modality.Image;

    /// <summary>What the cosine is multiplied with: 2 in the reference code, 2.5 in CLIPScore (Hessel et al. 2021), 100 in torchmetrics.</summary>
    public double Scale { get; init; } = 2;

    /// <summary>Whether a negative cosine counts as 0, as in CLIPScore; otherwise bad images stay in order.</summary>
    public bool Clamp { get; init; }

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        var values = new float?[candidates.Count];
        int[] rows = [.. Enumerable.Range(0, candidates.Count).Where(row => candidates.Prompts[candidates.PromptOf(row)].Length > 0)];
        if (candidates.Images is not { } images || rows.Length == 0)
        {
            return values;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // Each prompt is read once for its G candidates.
        int[] prompts = [.. rows.Select(candidates.PromptOf).Distinct()];
        long[] prompt = [.. rows.Select(row => (long)Array.BinarySearch(prompts, candidates.PromptOf(row)))];
        var texts = clip.EncodeTexts([.. prompts.Select(b => candidates.Prompts[b])]).index_select(0, tensor(prompt, device: clip.Device));
        var judged = images.index_select(0, tensor(rows.Select(row => (long)row).ToArray(), device: images.device));
        var isUsable = CandidateImages.Usable(judged);
        var cosines = ClipModel.Cosine(clip.EncodeImages(judged), texts).cpu().data<float>().ToArray();
        for (var i = 0; i < rows.Length; i++)
        {
            var cosine = Clamp ? Math.Max(0, cosines[i]) : cosines[i];
            values[rows[i]] = isUsable[i] ? (float)(Scale * cosine) : float.NaN;
        }

        return values;
    }
}
