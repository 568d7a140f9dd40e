using Corl.Imaging;
using Corl.Reports;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>Every candidate of a step, row b·G + g, as text and numbers: for the completions file and the report.</summary>
public sealed class CompletionTable
{
    private readonly Policy _policy;

    internal CompletionTable(Policy policy) => _policy = policy;

    /// <summary>G.</summary>
    public required int GroupSize { get; init; }

    /// <summary>[N] file and row of the data.</summary>
    public required IReadOnlyList<string> DataRows { get; init; }

    /// <summary>[N] the prompt of each image; empty where the row has none.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>[N] the question; empty where the row has none.</summary>
    public required IReadOnlyList<string> Questions { get; init; }

    /// <summary>[N] the true answer.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>[N] the tokens of each answer; null when the step trained images alone.</summary>
    public required IReadOnlyList<int[]>? Tokens { get; init; }

    /// <summary>[N] the codes of each image; null when the step trained answers alone.</summary>
    public required IReadOnlyList<int[]>? Codes { get; init; }

    /// <summary>Every reward and its parts by log name, [N] each, and their sum as "reward".</summary>
    public IReadOnlyList<KeyValuePair<string, float?[]>> Rewards { get; init; } = [];

    /// <summary>[N] text beside the rewards, for example the caption that was judged, by reward and name.</summary>
    public IReadOnlyList<KeyValuePair<string, string?[]>> Notes { get; init; } = [];

    /// <summary>[N] what the policy answered; null when the step trained images alone.</summary>
    public IReadOnlyList<string>? Responses => field ??= Tokens?.Select(ids => _policy.Prompt.Tokenizer.Decode(ids)).ToList();

    /// <summary>Paints the first <paramref name="count"/> images of the step with today's decoder; empty without images.</summary>
    public IReadOnlyList<RgbImage> Paint(int count)
    {
        if (Codes is not { } codes)
        {
            return [];
        }

        using var scope = NewDisposeScope();
        long[] flat = [.. codes.Take(count).SelectMany(row => row).Select(code => (long)code)];
        return JanusImages.ToImages(RolloutEngine.Paint(_policy.Model, tensor(flat, [flat.Length / codes[0].Length, codes[0].Length], device: _policy.Model.Device)));
    }

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

    /// <summary>Everything about each candidate but its image, for a file of JSON lines.</summary>
    internal IEnumerable<object> Lines() => Enumerable.Range(0, Prompts.Count).Select(i => new
    {
        row = DataRows[i],
        prompt = Prompts[i],
        question = Questions[i],
        answer = Answers[i],
        response = Responses?[i],
        tokens = Tokens?[i],
        codes = Codes?[i],
        rewards = Rewards.ToDictionary(r => r.Key, r => r.Value[i]),
    });
}
