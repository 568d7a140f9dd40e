using Corl.Imaging;
using Corl.Models;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>
/// Text-image matching, the reward of Eq. (4). The policy looks at what it drew, and the states of image and prompt are compared token by token.
/// Departures: the paper does not say which representations it means, the reference takes those of <see cref="MatchStates.UnderstandingHidden"/>
/// at fixed positions (<see cref="MatchSpans.Fixed"/>); here the positions are found by token.
/// </summary>
/// <param name="policy">Gives prompts and preprocessing, and the model unless <paramref name="scorer"/> is given.</param>
/// <param name="scorer">A frozen model to score with, for example the policy at the start; null scores with the moving policy, as the reference does.</param>
public sealed class TextImageMatchReward(Policy policy, JanusPro? scorer = null) : IReward
{
    private const int TokensAtOnce = 1 << 14;    // ours: 27 rows of Janus-Pro's 600 tokens, about 1 GB of activations at 1B
    private const int TokensAtOnceCpu = 1 << 10; // ours: their activations stay in a core's cache, which halves the time

    private readonly JanusPro _model = scorer ?? policy.Model;

    /// <inheritdoc/>
    public string Name => "tim";

    /// <inheritdoc/>
    public Modality Judges => Modality.Image;

    /// <summary>What stands for the image and for the prompt.</summary>
    public MatchStates States { get; init; }

    /// <summary>Which text tokens count; <see cref="MatchSpans.Prompt"/> only for other states than the default.</summary>
    public MatchSpans Spans { get; init; }

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        var values = new float?[candidates.Count];
        if (candidates.Images is not { } images || (States == MatchStates.GenerationHidden && candidates.Codes is null))
        {
            return values;
        }

        var isUsable = CandidateImages.Usable(images);
        var prompts = candidates.Prompts.Select(Encode).ToArray();
        int[] rows = [.. Enumerable.Range(0, values.Length).Where(row => candidates.Prompts[candidates.PromptOf(row)].Length > 0)];
        var drawn = States == MatchStates.GenerationHidden && candidates.Codes is { } codes ? codes.shape[1] : 0;
        var atOnce = (int)Math.Max(1, (_model.Device.type == TorchSharp.DeviceType.CPU ? TokensAtOnceCpu : TokensAtOnce) / (prompts.Max(ids => ids.Length) + drawn));
        foreach (var some in rows.Chunk(atOnce))
        {
            foreach (var (row, value) in some.Zip(ScoreRows(candidates, [.. some.Select(row => prompts[candidates.PromptOf(row)])], some)))
            {
                values[row] = isUsable[row] ? value : float.NaN;
            }
        }

        return values;
    }

    /// <summary>Eq. (4) over given places of hidden states.</summary>
    /// <param name="hidden">[N, S, D].</param>
    /// <param name="images">Image tokens of each row; all of one length.</param>
    /// <param name="texts">Text tokens of each row.</param>
    /// <returns>[N].</returns>
    internal static float[] Compare(Tensor hidden, IReadOnlyList<(int Start, int Length)> images, IReadOnlyList<(int Start, int Length)> texts)
    {
        using var scope = NewDisposeScope();
        var image = Gather(hidden, images, images[0].Length);
        var longest = Math.Max(1, texts.Max(text => text.Length));
        var real = tensor(texts.SelectMany(text => Enumerable.Range(0, longest).Select(i => i < text.Length)).ToArray(), [texts.Count, longest], device: hidden.device);
        return TextImageMatch.Score(image, Gather(hidden, texts, longest), real).cpu().data<float>().ToArray();
    }

    private int[] Encode(string prompt) => States == MatchStates.GenerationHidden ? policy.Prompt.TextToImage(prompt) : policy.Prompt.Question(prompt.Replace(ImageTag, "", StringComparison.Ordinal));

    private string ImageTag => policy.Prompt.Tokenizer.TokenOf(policy.Prompt.ImagePlaceholder)!;

    private float[] ScoreRows(Candidates candidates, IReadOnlyList<int[]> prompts, int[] rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var index = tensor(rows.Select(row => (long)row).ToArray(), device: _model.Device);
        var ids = Padding.Right(prompts, policy.Ids.Pad, _model.Device);
        if (States == MatchStates.GenerationHidden)
        {
            return ScoreGeneration(ids, prompts, candidates.Codes!.to(_model.Device).index_select(0, index));
        }

        var looked = _model.EmbedImages(Looked(candidates.Images!.to(_model.Device).index_select(0, index)));
        var embeds = JanusPro.PlaceImages(_model.EmbedText(ids), ids.eq(policy.Ids.Placeholder), looked);
        var states = States == MatchStates.InputEmbedding ? embeds : _model.Hidden(embeds);
        return Compare(states, [.. prompts.Select(ImageSpan)], [.. prompts.Select(TextSpan)]);
    }

    private float[] ScoreGeneration(Tensor ids, IReadOnlyList<int[]> prompts, Tensor codes)
    {
        var length = ids.shape[1];
        var count = (int)codes.shape[1];
        // Each row's codes stand right behind its own prompt, so the padding comes last and causality hides it.
        var all = Padding.Right([.. prompts.Select(prompt => (int[])[.. prompt, .. Enumerable.Repeat(policy.Ids.Placeholder, count)])], policy.Ids.Pad, _model.Device);
        var places = arange(length + count, device: _model.Device).unsqueeze(0);
        var starts = tensor(prompts.Select(prompt => (long)prompt.Length).ToArray(), device: _model.Device).unsqueeze(1);
        var isCode = places.ge(starts).logical_and(places.lt(starts + count)).narrow(1, 0, all.shape[1]);
        var hidden = _model.Hidden(JanusPro.PlaceImages(_model.EmbedText(all), isCode, _model.EmbedCodes(codes)));
        return Compare(hidden, [.. prompts.Select(prompt => (prompt.Length, count))], [.. prompts.Select(prompt => policy.Prompt.PromptSpan(prompt))]);
    }

    // What the understanding path sees of a painted image: its 8-bit pixels, fitted and normalised.
    private Tensor Looked(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        if (pixels.shape[2] != policy.Images.ImageSize || pixels.shape[3] != policy.Images.ImageSize)
        {
            return policy.Images.ToTensor(JanusImages.ToImages(pixels.nan_to_num(-1))).to(pixels.device).MoveToOuterDisposeScope();
        }

        var mean = tensor(policy.Images.Mean, device: pixels.device).view(3, 1, 1);
        var std = tensor(policy.Images.Std, device: pixels.device).view(3, 1, 1);
        return (((ImageInput.Bytes(pixels) * policy.Images.RescaleFactor) - mean) / std).MoveToOuterDisposeScope();
    }

    private (int Start, int Length) ImageSpan(int[] ids)
    {
        const int FirstImageToken = 5; // the reference's
        var start = Spans == MatchSpans.Fixed ? FirstImageToken : Array.IndexOf(ids, policy.Ids.Placeholder);
        return (start, policy.Prompt.ImageTokens);
    }

    private (int Start, int Length) TextSpan(int[] ids)
    {
        const int TemplateTokens = 10; // the reference's: its text starts 10 + the image's tokens into the row
        switch (Spans)
        {
            case MatchSpans.Prompt:
                return policy.Prompt.PromptSpan(ids);
            default:
                var start = Spans == MatchSpans.Fixed ? TemplateTokens + policy.Prompt.ImageTokens : Array.LastIndexOf(ids, policy.Prompt.EndOfImage) + 1;
                return (start, Math.Max(0, ids.Length - start));
        }
    }

    // [N, S, D] and a span per row → [N, length, D]; places behind a shorter span repeat the last state.
    private static Tensor Gather(Tensor hidden, IReadOnlyList<(int Start, int Length)> spans, int length)
    {
        using var scope = NewDisposeScope();
        var last = hidden.shape[1] - 1;
        long[] at = [.. spans.SelectMany(span => Enumerable.Range(span.Start, length).Select(place => Math.Min(place, last)))];
        var index = tensor(at, [spans.Count, length, 1], device: hidden.device).expand(-1, -1, hidden.shape[2]);
        return hidden.gather(1, index).MoveToOuterDisposeScope();
    }
}
