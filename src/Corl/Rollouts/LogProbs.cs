using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>
/// Log-probabilities of given completions by one causal pass (teacher forcing): the state before a token scores it.
/// Rows are padded on the right, where causality hides the padding.
/// </summary>
internal static class LogProbs
{
    /// <summary>Scores image codes in their conditional rows, without guidance.</summary>
    /// <param name="model">The policy or the reference policy.</param>
    /// <param name="prompts">[N] prompts as ids, begin_of_image last.</param>
    /// <param name="codes">int64 [N, I].</param>
    /// <param name="pad">Padding id.</param>
    /// <param name="temperature">T of the sampling.</param>
    /// <param name="legacyOffset">
    /// The reference code's off-by-one: code j is scored by the state that has already read it. For comparisons only.
    /// </param>
    /// <param name="entropy">Whether entropies are wanted too.</param>
    /// <param name="tape">For training; see <see cref="TokenHead"/> and <see cref="JanusPro.Hidden"/>.</param>
    /// <returns>[N, I] each.</returns>
    public static TokenScores Image(
        JanusPro model, IReadOnlyList<int[]> prompts, Tensor codes, int pad, double temperature = 1, bool legacyOffset = false, EntropyUse entropy = EntropyUse.None, GradientTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var count = (int)codes.shape[1];
        var fed = legacyOffset ? count : count - 1; // the last code is an output only
        var ids = Padding.Right([.. prompts.Select(p => (int[])[.. p, .. Enumerable.Repeat(pad, fed)])], pad, model.Device);
        var places = Spans(prompts, [.. prompts.Select(_ => fed)], ids.shape[1], model.Device);
        var embeds = JanusPro.PlaceImages(model.EmbedText(ids), places, model.EmbedCodes(codes.narrow(1, 0, fed)));
        var states = StatesBefore(model.Hidden(embeds, tape: tape), prompts, count, legacyOffset ? 1 : 0); // [N, I, D]
        var (logps, entropies) = TokenHead.Score(model.ImageLogits, model.Config.Vq.Codes, states.flatten(0, 1), codes.flatten(), temperature, entropy, tape);
        return new TokenScores(logps.view(codes.shape), ones_like(codes, dtype: ScalarType.Float32), entropies?.view(codes.shape)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores answers.</summary>
    /// <param name="model">The policy or the reference policy.</param>
    /// <param name="questions">[N] questions as ids, image placeholders in place.</param>
    /// <param name="answers">[N] tokens, up to and including the end token.</param>
    /// <param name="images">[M, I, D] embeddings of the images in the order of the placeholders; null when no row has one.</param>
    /// <param name="tokens">Special ids: padding, placeholder.</param>
    /// <param name="temperature">T of the sampling.</param>
    /// <param name="entropy">Whether entropies are wanted too.</param>
    /// <param name="tape">For training; see <see cref="TokenHead"/> and <see cref="JanusPro.Hidden"/>.</param>
    /// <returns>[N, L] each.</returns>
    public static TokenScores Text(
        JanusPro model, IReadOnlyList<int[]> questions, IReadOnlyList<int[]> answers, Tensor? images, SpecialIds tokens, double temperature = 1, EntropyUse entropy = EntropyUse.None, GradientTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var ids = Padding.Right([.. questions.Zip(answers, (q, a) => (int[])[.. q, .. a])], tokens.Pad, model.Device);
        var embeds = model.EmbedText(ids);
        if (images is not null)
        {
            // Only the question's placeholders: a sampled answer may contain the same id.
            var asked = Spans([.. questions.Select(_ => Array.Empty<int>())], [.. questions.Select(q => q.Length)], ids.shape[1], model.Device);
            embeds = JanusPro.PlaceImages(embeds, ids.eq(tokens.Placeholder).logical_and(asked), images);
        }

        var length = Math.Max(1, answers.Max(a => a.Length));
        var hidden = model.Hidden(embeds, tape: tape);
        var targets = Padding.Right([.. answers.Select(a => (int[])[.. a, .. Enumerable.Repeat(tokens.Pad, length - a.Length)])], tokens.Pad, model.Device);
        var mask = Spans([.. answers.Select(_ => Array.Empty<int>())], [.. answers.Select(a => a.Length)], length, model.Device);
        var states = StatesBefore(hidden, questions, length, 0)[mask]; // [tokens, D]: the head runs on real tokens alone
        var (logps, entropies) = TokenHead.Score(model.TextLogits, model.Config.Language.VocabularySize, states, targets[mask], temperature, entropy, tape);
        Tensor Padded(Tensor values) => zeros_like(mask, dtype: ScalarType.Float32).masked_scatter(mask, values);
        return new TokenScores(Padded(logps), mask.to_type(ScalarType.Float32), entropies is null ? null : Padded(entropies)).MoveToOuterDisposeScope();
    }

    // [N, count, D]: for each row the states that stand just before its completion's tokens (+ shift).
    private static Tensor StatesBefore(Tensor hidden, IReadOnlyList<int[]> prompts, int count, int shift)
    {
        using var scope = NewDisposeScope();
        var last = hidden.shape[1] - 1;
        long[] at = [.. prompts.SelectMany(p => Enumerable.Range(p.Length - 1 + shift, count).Select(i => Math.Min(i, last)))];
        var index = tensor(at, [prompts.Count, count, 1], device: hidden.device).expand(-1, -1, hidden.shape[2]);
        return hidden.gather(1, index).MoveToOuterDisposeScope();
    }

    // bool [N, length], true on the `counts[i]` places after row i of `before`.
    private static Tensor Spans(IReadOnlyList<int[]> before, IReadOnlyList<int> counts, long length, Device device)
    {
        var spans = new bool[before.Count * length];
        for (var i = 0; i < before.Count; i++)
        {
            Array.Fill(spans, true, (int)((i * length) + before[i].Length), counts[i]);
        }

        return tensor(spans, [before.Count, length], device: device);
    }
}
