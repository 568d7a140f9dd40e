using Corl.Data;
using Corl.Distributed;
using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Samples the candidates of a batch from the current policy: o_i ~ π_θold, without gradients.</summary>
/// <param name="policy">π.</param>
/// <param name="sampling">Guidance, temperature, longest answer.</param>
/// <param name="groupSize">G.</param>
/// <param name="seed">The run's seed.</param>
internal sealed class RolloutEngine(Policy policy, SamplingConfig sampling, int groupSize, ulong seed)
{
    private const int CardDecodedAtOnce = 8; // of Janus-Pro's 384 pixels in bfloat16 about 4 GB
    private const int DecodedAtOnce = 32; // images of 32 pixels through the VQ decoder together: their activations fit a core's cache

    /// <summary>Prompts sampled together; bounds the memory of the key and value cache.</summary>
    public int PromptsAtOnce { get; init; } = int.MaxValue;

    /// <summary>Scores images by the reference code's shifted states.</summary>
    public bool LegacyImageOffset { get; init; }

    /// <summary>Sample the prompts together, each its share; every one gets all completions.</summary>
    public IProcessGroup Processes { get; init; } = ProcessGroups.Alone;

    /// <summary>Names the random numbers: "rollout" in training.</summary>
    public string Purpose { get; init; } = "rollout";

    /// <summary>G images for each sample's prompt.</summary>
    /// <param name="samples">The prompts.</param>
    /// <param name="step">The step, which names the random numbers.</param>
    /// <param name="drawn">Prompts drawn before in the same step, whose numbers are not used again.</param>
    public ImageCompletions Images(IReadOnlyList<Sample> samples, long step, int drawn = 0)
    {
        using var scope = NewDisposeScope();
        int[][] prompts = [.. samples.Select(s => policy.Prompt.TextToImage(s.Prompt!))];
        var parts = new List<ImageRollout>();
        foreach (var (first, count) in Parts(samples.Count))
        {
            var some = prompts[first..(first + count)];
            parts.Add(ImageSampler.Sample(policy.Model, some, [.. some.Select(policy.Prompt.Unconditional)], policy.Ids.Pad, groupSize, sampling, new Draws(seed, Purpose + "/image", step, (long)(drawn + first) * groupSize)));
        }

        return new ImageCompletions(policy, prompts, Processes.Gather(parts, policy.Model.Device), sampling, LegacyImageOffset) { GroupSize = groupSize };
    }

    /// <summary>G answers to each sample's question about its image.</summary>
    /// <param name="samples">The questions and images.</param>
    /// <param name="step">The step, which names the random numbers.</param>
    /// <param name="drawn">Questions drawn before in the same step, whose numbers are not used again.</param>
    public TextCompletions Answers(IReadOnlyList<Sample> samples, long step, int drawn = 0)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int[][] questions = [.. samples.Select(s => policy.Prompt.Question(s.Question!))];
        var pixels = policy.Images.ToTensor([.. samples.Select(s => s.RealImage!)]).to(policy.Model.Device);
        var (ids, logps) = (new List<int[]>(), new List<float[]>());
        foreach (var (first, count) in Parts(samples.Count))
        {
            using var part = NewDisposeScope();
            var images = policy.Model.EmbedImages(pixels.narrow(0, first, count));
            var rollout = TextSampler.Sample(policy.Model, questions[first..(first + count)], images, policy.Ids, groupSize, sampling, new Draws(seed, Purpose + "/text", step, (long)(drawn + first) * groupSize));
            ids.AddRange(rollout.Ids);
            logps.AddRange(rollout.Logps);
        }

        return new TextCompletions(policy, questions, pixels, Processes.Gather(new TextRollout(ids, logps)), sampling) { GroupSize = groupSize };
    }

    /// <summary>Paints the images, a few at a time: int64 [N, I] → float32 [N, 3, H, W], about [−1, 1].</summary>
    public static Tensor Paint(JanusPro model, Tensor codes)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var atOnce = PaintedAtOnce(model.Config, model.Device.type == TorchSharp.DeviceType.CPU);
        var parts = new List<Tensor>();
        for (long i = 0; i < codes.shape[0]; i += atOnce)
        {
            parts.Add(model.DecodeCodes(codes.narrow(0, i, Math.Min(atOnce, codes.shape[0] - i))).to_type(ScalarType.Float32));
        }

        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>Images that are painted together; see <see cref="VqCost"/> for what one takes.</summary>
    public static long PaintedAtOnce(JanusConfig config, bool onCpu) => onCpu ? Math.Max(1, DecodedAtOnce * 32L * 32 / (config.ImageSize * config.ImageSize)) : CardDecodedAtOnce;

    // This process's share of the prompts, as many at a time as fit.
    private IEnumerable<(int First, int Count)> Parts(int prompts)
    {
        var (start, own) = Processes.Share(prompts);
        for (long first = start; first < start + own; first += PromptsAtOnce)
        {
            yield return ((int)first, (int)Math.Min(PromptsAtOnce, start + own - first));
        }
    }
}
