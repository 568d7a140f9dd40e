using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Images that the policy drew.</summary>
/// <param name="Codes">int64 [N, I], row b·G + g.</param>
/// <param name="Logps">float32 [N, I]: log-probability of each code in its conditional row, without guidance (Eq. 6's π).</param>
internal sealed record ImageRollout(Tensor Codes, Tensor Logps);

/// <summary>Writes images code by code with classifier-free guidance.</summary>
internal static class ImageSampler
{
    /// <summary>Draws G images for each prompt. The prompt is read once per group.</summary>
    /// <param name="model">The policy.</param>
    /// <param name="prompts">[B] prompts as ids, begin_of_image last.</param>
    /// <param name="unconditional">[B] the same rows with the prompt hidden; not read when the guidance is 1.</param>
    /// <param name="pad">Padding id.</param>
    /// <param name="groupSize">G.</param>
    /// <param name="config">Guidance, temperature, greedy.</param>
    /// <param name="draws">The random numbers of the N = B·G samples.</param>
    /// <param name="codesEach">Codes of each image; null for all of it.</param>
    public static ImageRollout Sample(JanusPro model, IReadOnlyList<int[]> prompts, IReadOnlyList<int[]> unconditional, int pad, int groupSize, SamplingConfig config, Draws draws, int? codesEach = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (rows, length, guided) = (prompts.Count * groupSize, codesEach ?? model.Config.ImageCodes, config.Guidance != 1);
        var (ids, real) = Padding.Left(guided ? [.. prompts, .. unconditional] : prompts, pad, model.Device);
        var uniforms = tensor(draws.Uniforms(rows, length), [rows, length], device: model.Device);
        var (codes, logps) = (empty([rows, length], ScalarType.Int64, model.Device), empty([rows, length], ScalarType.Float32, model.Device));

        using var read = model.NewCache(ids.shape[0], ids.shape[1], padded: real is not null);
        var hidden = model.Hidden(model.EmbedText(ids), real, read).select(1, -1);
        var repeat = arange(ids.shape[0], ScalarType.Int64, model.Device).repeat_interleave(groupSize); // conditional rows first, then their unconditional twins
        using var cache = read.Select(repeat, extra: length);
        hidden = hidden.index_select(0, repeat); // [N or 2N, D]
        for (var t = 0; t < length; t++)
        {
            using var step = NewDisposeScope();
            step.Attach(hidden); // dies with this step
            var logits = model.ImageLogits(hidden).to_type(ScalarType.Float32);
            var conditional = logits.narrow(0, 0, rows);
            var code = Sampler.Draw(guided ? Guide(conditional, logits.narrow(0, rows, rows), config.Guidance) : conditional, uniforms.select(1, t), config);
            codes.select(1, t).copy_(code);
            logps.select(1, t).copy_(Sampler.Logp(conditional, code, config.Temperature));
            if (t + 1 < length) // the last code is read by nothing
            {
                var next = model.EmbedCodes((guided ? cat([code, code]) : code).unsqueeze(1));
                hidden = model.Hidden(next, null, cache).select(1, 0).MoveToOuterDisposeScope();
            }
        }

        return new ImageRollout(codes.MoveToOuterDisposeScope(), logps.MoveToOuterDisposeScope());
    }

    private static Tensor Guide(Tensor conditional, Tensor unconditional, double weight) => unconditional + (weight * (conditional - unconditional));
}
