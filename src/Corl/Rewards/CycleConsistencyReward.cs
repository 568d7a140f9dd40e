using Corl.Models;
using Corl.Text;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>
/// Eq. (3): R_cycle = 1 − LPIPS(real image, generated image) + SPICE(prompt, caption of the generated image): the image looks like the
/// real one and, put into words again, says what the prompt said. The reference code uses BERTScore in place of SPICE; any similarity
/// of texts can be given.
/// </summary>
public sealed class CycleConsistencyReward : IReward
{
    private readonly Lpips _lpips;
    private readonly BlipCaptioner _captioner;
    private readonly Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> _similarity;

    /// <summary>The paper's reward.</summary>
    /// <param name="lpips">Visual half.</param>
    /// <param name="captioner">Puts images into words.</param>
    /// <param name="spice">Textual half; F above 1, which merged words can give, counts as 1.</param>
    public CycleConsistencyReward(Lpips lpips, BlipCaptioner captioner, Spice spice)
        : this(lpips, captioner, (captions, prompts) => Compare(spice, captions, prompts)) => TextPart = "spice";

    /// <summary>The reward with another similarity of texts.</summary>
    /// <param name="lpips">Visual half.</param>
    /// <param name="captioner">Puts images into words.</param>
    /// <param name="similarity">Captions and prompts, each [N], to similarities [N].</param>
    public CycleConsistencyReward(Lpips lpips, BlipCaptioner captioner, Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> similarity)
    {
        (_lpips, _captioner, _similarity) = (lpips, captioner, similarity);
        Size = SizeFor(lpips);
    }

    /// <summary>The size that a perceptual network looks at when nothing else is said.</summary>
    public static PerceptualSize SizeFor(Lpips lpips) => lpips.Backbone.Net == LpipsNet.Small ? PerceptualSize.AsGenerated : PerceptualSize.Square;

    /// <inheritdoc/>
    public string Name => "cycle";

    /// <inheritdoc/>
    public Modality Judges => Modality.Image;

    /// <summary>How images are brought to one size for LPIPS; as generated for small networks, else the reference's 224 × 224.</summary>
    public PerceptualSize Size { get; init; }

    /// <summary>How captions are written; greedy with at most 50 tokens, as the reference does.</summary>
    public CaptionOptions Captioning { get; init; } = new();

    /// <summary>Name of the textual half in the log.</summary>
    public string TextPart { get; init; } = "text";

    /// <inheritdoc/>
    /// <remarks>
    /// The parts "lpips" (1 − LPIPS) and "spice" are the two terms; a row without a real image has the second only, a row without a prompt
    /// the first only, and null has neither. Captions that are given are taken as they are. The captions are kept as a note. An image with a
    /// value that is not a number cannot be scored.
    /// </remarks>
    public Scores Score(Candidates candidates)
    {
        var (visual, textual) = (new float?[candidates.Count], new float?[candidates.Count]);
        var captions = new string?[candidates.Count];
        if (candidates.Images is { } images)
        {
            Look(candidates, images, visual);
            Read(candidates, textual, captions);
            var isUsable = CandidateImages.Usable(images);
            for (var row = 0; row < isUsable.Length; row++)
            {
                if (!isUsable[row])
                {
                    (visual[row], textual[row]) = (visual[row] is null ? null : float.NaN, textual[row] is null ? null : float.NaN);
                }
            }
        }
        else if (candidates.Captions is not null)
        {
            Read(candidates, textual, captions);
        }

        float?[] sum = [.. visual.Zip(textual, (a, b) => a is null && b is null ? (float?)null : (a ?? 0) + (b ?? 0))];
        return new Scores(sum)
        {
            Parts = new Dictionary<string, float?[]> { ["lpips"] = visual, [TextPart] = textual },
            Notes = new Dictionary<string, string?[]> { ["caption"] = captions },
        };
    }

    private void Look(Candidates candidates, Tensor images, float?[] visual)
    {
        int[] prompts = [.. Enumerable.Range(0, candidates.Prompts.Count).Where(b => candidates.RealImages?[b] is not null)];
        if (prompts.Length == 0)
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var group = candidates.GroupSize;
        int[] rows = [.. prompts.SelectMany(b => Enumerable.Range(b * group, group))];
        var generated = CandidateImages.Sized(images.index_select(0, tensor(rows.Select(row => (long)row).ToArray(), device: images.device)), Size, _lpips.Backbone.Smallest).to(_lpips.Device);
        var real = CandidateImages.Sized([.. prompts.Select(b => candidates.RealImages![b]!)], Size, generated);
        var distances = _lpips.Distance(real, generated, unitRange: true).cpu().data<float>().ToArray();
        foreach (var (row, distance) in rows.Zip(distances))
        {
            visual[row] = 1 - distance;
        }
    }

    private void Read(Candidates candidates, float?[] textual, string?[] captions)
    {
        int[] rows = [.. Enumerable.Range(0, candidates.Count).Where(row => candidates.Prompts[candidates.PromptOf(row)].Length > 0)];
        if (rows.Length == 0)
        {
            return;
        }

        var written = candidates.Captions is { } given ? [.. rows.Select(row => given[row])] : Caption(candidates.Images!, rows);
        var similarities = _similarity(written, [.. rows.Select(row => candidates.Prompts[candidates.PromptOf(row)])]);
        for (var i = 0; i < rows.Length; i++)
        {
            (captions[rows[i]], textual[rows[i]]) = (written[i], (float)similarities[i]);
        }
    }

    private IReadOnlyList<string> Caption(Tensor images, int[] rows)
    {
        using var scope = NewDisposeScope();
        return _captioner.Caption(images.index_select(0, tensor(rows.Select(row => (long)row).ToArray(), device: images.device)), Captioning);
    }

    // All captions and prompts are parsed together; a prompt has G captions, and each text is parsed once.
    private static double[] Compare(Spice spice, IReadOnlyList<string> captions, IReadOnlyList<string> prompts)
    {
        var graphs = spice.Graphs([.. captions, .. prompts]);
        return [.. captions.Select((_, i) => Math.Min(1, spice.Score(graphs[i], graphs[captions.Count + i]).F))];
    }
}
