using Corl.Rewards;
using static TorchSharp.torch;

namespace MyRewards;

/// <summary>How bright an image is, from 0 for black to 1 for white, to the power of a setting.</summary>
/// <param name="power">The recipe's <c>settings: { power: 2 }</c>.</param>
public sealed class Brightness(double power = 1) : IReward
{
    /// <inheritdoc/>
    public string Name => "brightness";

    /// <inheritdoc/>
    public Modality Judges => Modality.Image;

    /// <inheritdoc/>
    public Scores Score(Candidates candidates)
    {
        if (candidates.Images is not { } images)
        {
            return new float?[candidates.Count]; // nothing to judge
        }

        using var scope = NewDisposeScope();
        var light = ((images.clamp(-1, 1) + 1) / 2).mean([1, 2, 3]).pow(power); // [N, 3, H, W] in [−1, 1] → [N]
        return light.cpu().data<float>().ToArray(); // an image that is not a number has no brightness: the recipe's floor
    }
}
