using Corl.Imaging;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>A policy that takes ShapesEval and ShapesQA: paints under guidance at temperature 1, answers greedily or at temperature 1.</summary>
/// <param name="policy">A policy of the world's image size.</param>
/// <param name="seed">Seed of its draws; the same seed gives the same images and answers.</param>
/// <param name="maxAnswer">Longest answer, tokens.</param>
internal sealed class ShapesPlayer(Policy policy, ulong seed, int maxAnswer = ShapesPlayer.LongestAnswer)
{
    /// <summary>Room for every right answer, which has 38 tokens at most, and some more.</summary>
    public const int LongestAnswer = 56;

    /// <summary>Paints images for prompts, <see cref="Painter"/>.</summary>
    public IReadOnlyList<byte[]> Paint(IReadOnlyList<string> prompts, int imagesPerPrompt, int firstPrompt)
    {
        SafeCollection.Here();
        using var scope = NewDisposeScope();
        int[][] ids = [.. prompts.Select(policy.Prompt.TextToImage)];
        var draws = new Draws(seed, "eval/image", First: (long)firstPrompt * imagesPerPrompt);
        var drawn = ImageSampler.Sample(policy.Model, ids, [.. ids.Select(policy.Prompt.Unconditional)], policy.Ids.Pad, imagesPerPrompt, new SamplingConfig(), draws);
        return [.. JanusImages.ToImages(RolloutEngine.Paint(policy.Model, drawn.Codes)).Select(image => image.Pixels)];
    }

    /// <summary>Answers questions about images, <see cref="Respondent"/>.</summary>
    public IReadOnlyList<string> Answer(IReadOnlyList<byte[]> images, IReadOnlyList<string> questions, bool greedy, int firstQuestion)
    {
        SafeCollection.Here();
        using var off = no_grad();
        using var scope = NewDisposeScope();
        int[][] ids = [.. questions.Select(question => policy.Prompt.Question(question))];
        var pixels = policy.Images.ToTensor([.. images.Select(bytes => new RgbImage(World.Size, World.Size, bytes))]).to(policy.Model.Device);
        var config = new SamplingConfig { Greedy = greedy, MaxNewTokens = maxAnswer };
        var written = TextSampler.Sample(policy.Model, ids, policy.Model.EmbedImages(pixels), policy.Ids, groupSize: 1, config, new Draws(seed, "eval/text", First: firstQuestion));
        return [.. written.Ids.Select(answer => policy.Prompt.Tokenizer.Decode(answer))];
    }
}
