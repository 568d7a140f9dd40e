using System.Diagnostics;
using Corl.Imaging;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// A policy that draws a benchmark's prompts. Image g of item i draws from the stream (seed, benchmark, i, g): it depends neither on its
/// batch nor on what was drawn before.
/// </summary>
/// <param name="policy">The policy.</param>
/// <param name="benchmark">Whose prompts, and where the images go.</param>
/// <param name="folder">The run's folder.</param>
/// <param name="sampling">Guidance and temperature.</param>
/// <param name="seed">Seed of the draws.</param>
internal sealed class DrawingPlayer(Policy policy, IDrawingBenchmark benchmark, string folder, SamplingConfig sampling, ulong seed) : IPlayer
{
    /// <summary>Name of the folder that the official scorer is given, in the run's folder.</summary>
    public const string Images = "images";

    /// <summary>Names of the speakers in the prompt.</summary>
    public RoleStyle Roles { get; init; } = RoleStyle.JanusPro;

    private readonly Dictionary<string, int> _places = benchmark.Items.Index().ToDictionary(pair => pair.Item.Id, pair => pair.Index);

    public IEnumerable<IReadOnlyList<Prediction>> Play(IReadOnlyList<IReadOnlyList<EvalItem>> batches, Stopwatch model)
    {
        // While a batch is drawn, the one before is encoded and written.
        Task<Prediction[]>? saving = null;
        foreach (var batch in batches)
        {
            model.Start();
            var drawn = Draw(batch);
            model.Stop();
            if (saving is not null)
            {
                yield return saving.GetAwaiter().GetResult();
            }

            saving = Task.Run(() => Save(batch, drawn));
        }

        if (saving is not null)
        {
            yield return saving.GetAwaiter().GetResult();
        }
    }

    // N = B·G images, row b·G + g.
    private RgbImage[] Draw(IReadOnlyList<EvalItem> batch)
    {
        SafeCollection.Here();
        using var scope = NewDisposeScope();
        var (user, assistant) = Evaluation.Roles.Of(Roles);
        int[][] prompts = [.. batch.Select(item => policy.Prompt.TextToImage(item.Prompt, user, assistant))];
        var count = benchmark.ImagesPerPrompt;
        var draws = new Draws(seed, $"eval/{benchmark.Name}")
        {
            Samples = [.. batch.SelectMany(item => Enumerable.Range(0, count).Select(image => ((long)_places[item.Id] * count) + image))],
        };
        var drawn = ImageSampler.Sample(policy.Model, prompts, [.. prompts.Select(policy.Prompt.Unconditional)], policy.Ids.Pad, count, sampling, draws);
        return JanusImages.ToImages(RolloutEngine.Paint(policy.Model, drawn.Codes));
    }

    private Prediction[] Save(IReadOnlyList<EvalItem> batch, RgbImage[] images)
    {
        var count = benchmark.ImagesPerPrompt;
        var predictions = new Prediction[batch.Count];
        Parallel.For(0, batch.Count, i =>
        {
            var files = benchmark.Save(Path.Combine(folder, Images), batch[i], images[(i * count)..((i + 1) * count)]);
            predictions[i] = new Prediction(batch[i].Id) { Files = [.. files.Select(file => $"{Images}/{file}")] };
        });
        return predictions;
    }
}
