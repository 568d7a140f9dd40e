using Corl.Data;
using Corl.Imaging;
using static TorchSharp.torch;

namespace Corl.Rewards;

/// <summary>
/// What the policy produced for one batch: G candidates for each of B prompts, N = B · G. Lists per prompt have B entries, what the
/// policy made has N rows, and row b · G + g is candidate g of prompt b. Parts that a task does not have are null: a text-to-image batch
/// has no questions, a question batch no generated images. Rewards borrow the tensors and never change or dispose them.
/// </summary>
public sealed record Candidates
{
    /// <summary>G: candidates per prompt, at least 1.</summary>
    public required int GroupSize { get; init; }

    /// <summary>[B] the prompts of the images; the empty string where a row has none.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>[N, 3, H, W] the generated images in [−1, 1]; a decoder may overshoot, so rewards clamp.</summary>
    public Tensor? Images { get; init; }

    /// <summary>[N] what the generated images show in words, where that is known already; rewards that read images then need no captioner.</summary>
    public IReadOnlyList<string>? Captions { get; init; }

    /// <summary>[N, I] the codes that the images were decoded from.</summary>
    public Tensor? Codes { get; init; }

    /// <summary>[B] the real image of each prompt, at its own size; null where a row has none.</summary>
    public IReadOnlyList<RgbImage?>? RealImages { get; init; }

    /// <summary>[B] what was asked about the real image.</summary>
    public IReadOnlyList<string>? Questions { get; init; }

    /// <summary>[B] the true answers, with or without answer tags.</summary>
    public IReadOnlyList<string>? Answers { get; init; }

    /// <summary>[B] how each question is to be judged.</summary>
    public IReadOnlyList<QuestionType>? Types { get; init; }

    /// <summary>[N] the answers that the policy wrote.</summary>
    public IReadOnlyList<string>? Responses { get; init; }

    /// <summary>N: rows to score.</summary>
    public int Count => Prompts.Count * GroupSize;

    /// <summary>The prompt index b of row b · G + g.</summary>
    public int PromptOf(int row) => row / GroupSize;
}
