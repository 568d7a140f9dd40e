using System.Diagnostics;
using Corl.Imaging;
using Corl.Rollouts;
using Corl.Tokenizers;
using static TorchSharp.torch;

namespace Corl.Evaluation;

/// <summary>A policy that answers questions about images, greedily.</summary>
/// <param name="policy">The policy.</param>
/// <param name="roles">Names of the speakers.</param>
/// <param name="maxNewTokens">Longest answer.</param>
internal sealed class Answerer(Policy policy, RoleStyle roles, int maxNewTokens) : IPlayer
{
    /// <summary>Longest answer of the kit's Janus.</summary>
    public const int KitMaxNewTokens = 2048;

    private readonly Dictionary<string, int[]> _prompts = [];

    /// <summary>Tokens that the model reads for an item.</summary>
    public int Length(EvalItem item) => Prompt(item).Length;

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<Prediction>> Play(IReadOnlyList<IReadOnlyList<EvalItem>> batches, Stopwatch model)
    {
        using var feed = new ImageFeed([.. batches.Select(batch => batch.SelectMany(item => item.Images).ToArray())], policy.Images.Fit);
        foreach (var batch in batches)
        {
            SafeCollection.Here();
            yield return Answer(batch, feed.Take(), model);
        }
    }

    private IReadOnlyList<Prediction> Answer(IReadOnlyList<EvalItem> batch, RgbImage[] images, Stopwatch model)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        int[][] questions = [.. batch.Select(Prompt)];
        var pixels = images.Length > 0 ? policy.Images.ToTensor(images) : null;
        model.Start();
        var embeds = pixels is null ? null : policy.Model.EmbedImages(pixels.to(policy.Model.Device));
        var config = new SamplingConfig { Greedy = true, MaxNewTokens = maxNewTokens };
        var written = TextSampler.Sample(policy.Model, questions, embeds, policy.Ids, groupSize: 1, config, new Draws(0, "eval/answer")); // greedy: nothing is drawn
        model.Stop();
        return [.. batch.Zip(written.Ids, (item, ids) => new Prediction(item.Id)
        {
            Text = policy.Prompt.Tokenizer.Decode(ids),
            Tokens = ids.Length,
            Clipped = ids[^1] != policy.Ids.Eos,
        })];
    }

    private int[] Prompt(EvalItem item)
    {
        if (_prompts.TryGetValue(item.Id, out var known))
        {
            return known;
        }

        var (user, assistant) = Roles.Of(roles);
        var content = string.Concat(Enumerable.Repeat(policy.Prompt.ImageTag, item.Images.Count)) + item.Prompt;
        var ids = policy.Prompt.Encode(policy.Prompt.Render([new ChatTurn(user, content), new ChatTurn(assistant, "")], item.SystemPrompt));
        var places = ids.Count(id => id == policy.Ids.Placeholder);
        return places == item.Images.Count * policy.Prompt.ImageTokens
            ? _prompts[item.Id] = ids
            : throw new UserException($"item {Quoted.Name(item.Id)}: its text holds {Quoted.Name(policy.Prompt.ImageTag)}, which stands for an image; take it out of the data");
    }
}
