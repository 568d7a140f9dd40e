using Corl.Data;
using Corl.Imaging;
using Corl.Reports;
using Corl.Rewards;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>Every candidate of a step, row b·G + g, as text and numbers: for the completions file and the report.</summary>
public sealed class CompletionTable
{
    private readonly Func<int, IReadOnlyList<RgbImage>> _paint;

    private CompletionTable(Func<int, IReadOnlyList<RgbImage>> paint) => _paint = paint;

    /// <summary>[N] the prompt of each image; empty where the row has none.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>[N] the question; empty where the row has none.</summary>
    public required IReadOnlyList<string> Questions { get; init; }

    /// <summary>[N] the true answer.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>[N] what the policy answered; null when the step trained images alone.</summary>
    public required IReadOnlyList<string>? Responses { get; init; }

    /// <summary>[N] the codes of each image; null when the step trained answers alone.</summary>
    public required IReadOnlyList<int[]>? Codes { get; init; }

    /// <summary>Every reward and its parts by log name, [N] each, and their sum as "reward".</summary>
    public required IReadOnlyList<KeyValuePair<string, float?[]>> Rewards { get; init; }

    /// <summary>[N] text beside the rewards, for example the caption that was judged, by reward and name.</summary>
    public required IReadOnlyList<KeyValuePair<string, string?[]>> Notes { get; init; }

    /// <summary>Paints the first <paramref name="count"/> images of the step with today's decoder; empty without images.</summary>
    public IReadOnlyList<RgbImage> Paint(int count) => _paint(count);

    /// <summary>The rows of a completions file, images as PNG.</summary>
    public IReadOnlyList<Completion> Rows()
    {
        var images = Paint(Prompts.Count);
        return [.. Enumerable.Range(0, Prompts.Count).Select(i => new Completion
        {
            Prompt = Codes is null ? Questions[i] : Prompts[i],
            Text = Responses?[i],
            Truth = Responses is null ? null : Answers[i],
            Image = images.Count == 0 ? default : ImageCodec.EncodePng(images[i]),
            Rewards = Rewards.ToDictionary(r => r.Key, r => (double?)r.Value[i]),
            Notes = new Dictionary<string, string?>(
            [
                .. Codes is null || Responses is null ? [] : new[] { KeyValuePair.Create<string, string?>("question", Questions[i]) },
                .. Notes.Select(n => KeyValuePair.Create(n.Key, n.Value[i])),
            ]),
        })];
    }

    internal static CompletionTable Of(IReadOnlyList<Sample> samples, CompletionSet completions, RewardTable table, Policy policy)
    {
        var groupSize = table.Count / samples.Count;
        string[] Repeat(Func<Sample, string?> text) => [.. samples.SelectMany(s => Enumerable.Repeat(text(s) ?? "", groupSize))];
        var codes = completions.Images is { } images ? Rows(images.Codes) : null;
        return new CompletionTable(count => codes is null ? [] : Painted(policy, codes.Take(count).ToList()))
        {
            Prompts = Repeat(s => s.Prompt),
            Questions = Repeat(s => s.Question),
            Answers = Repeat(s => s.Answer),
            Responses = completions.Answers?.Ids.Select(ids => policy.Prompt.Tokenizer.Decode(ids)).ToList(),
            Codes = codes,
            Rewards = [KeyValuePair.Create("reward", table.Total), .. table.Named()],
            Notes = [.. table.Columns.SelectMany(c => c.Notes.Select(n => KeyValuePair.Create($"{c.Name}/{n.Key}", n.Value)))],
        };
    }

    private static RgbImage[] Painted(Policy policy, List<int[]> codes)
    {
        using var scope = NewDisposeScope();
        long[] flat = [.. codes.SelectMany(row => row).Select(code => (long)code)];
        return JanusImages.ToImages(RolloutEngine.Paint(policy.Model, tensor(flat, [codes.Count, codes[0].Length], device: policy.Model.Device)));
    }

    private static List<int[]> Rows(Tensor codes)
    {
        using var scope = NewDisposeScope();
        var flat = codes.cpu().data<long>().ToArray();
        return [.. flat.Select(code => (int)code).Chunk((int)codes.shape[1])];
    }
}
