using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Rewards;

/// <summary>How well the tokens of a text and of an image match.</summary>
internal static class TextImageMatch
{
    /// <summary>
    /// Eq. (4): R = ½ (mean_i max_j S_ij + mean_j max_i S_ij) with S = I Tᵀ over rows of unit length: every image token finds its best
    /// word and every word its best image token. In [−1, 1]; a row of zeros has similarity 0 to everything.
    /// </summary>
    /// <param name="image">[N, I, D] image tokens.</param>
    /// <param name="text">[N, T, D] text tokens.</param>
    /// <param name="real">bool [N, T], true on a row's own text tokens; null when all are.</param>
    /// <returns>float32 [N]; 0 for a row without text.</returns>
    public static Tensor Score(Tensor image, Tensor text, Tensor? real = null)
    {
        const float Lowest = -2; // below every cosine
        using var scope = NewDisposeScope();
        var similarity = Unit(image).matmul(Unit(text).transpose(1, 2)); // [N, I, T]
        if (real is null)
        {
            var both = similarity.amax([2]).mean([1]) + similarity.amax([1]).mean([1]);
            return (both / 2).MoveToOuterDisposeScope();
        }

        var isAbsent = real.logical_not();
        var words = real.sum(1, type: ScalarType.Float32); // [N]
        var ofImage = similarity.masked_fill(isAbsent.unsqueeze(1), Lowest).amax([2]).mean([1]);
        var ofText = similarity.amax([1]).masked_fill(isAbsent, 0).sum(1) / words.clamp_min(1);
        return ((ofImage + ofText) / 2).masked_fill(words.eq(0), 0).MoveToOuterDisposeScope();
    }

    private static Tensor Unit(Tensor rows)
    {
        const double Epsilon = 1e-12; // that of PyTorch's normalize, which the reference calls
        using var scope = NewDisposeScope();
        return functional.normalize(rows.to_type(ScalarType.Float32), 2, -1, Epsilon).MoveToOuterDisposeScope();
    }
}
