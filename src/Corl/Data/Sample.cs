using Corl.Imaging;

namespace Corl.Data;

/// <summary>
/// One row of training data. A row of the x2x layout has all parts; a text-to-image row has no question, a question row no prompt. One
/// row of the unified stage feeds both directions: the prompt is drawn, the question is answered.
/// </summary>
public sealed record Sample
{
    /// <summary>File and row, for example "train-00000.parquet, row 17"; the same in every run over the same files.</summary>
    public required string Id { get; init; }

    /// <summary>The caption to draw, without white space at its ends; null where the row has none.</summary>
    public string? Prompt { get; init; }

    /// <summary>The question about the image with its options and instructions, as stored; null where the row has none.</summary>
    public string? Question { get; init; }

    /// <summary>The true answer, with or without answer tags, as stored; null where the row has none.</summary>
    public string? Answer { get; init; }

    /// <summary>How the question is judged: as the data say or, where they do not, by the shape of question and answer; null without a question.</summary>
    public QuestionType? Type { get; init; }

    /// <summary>The image as it is stored (PNG, JPEG or WebP); empty where the row has none.</summary>
    public ReadOnlyMemory<byte> ImageBytes { get; init; }

    /// <summary>The decoded image at its own size; null where the row has none.</summary>
    public RgbImage? RealImage { get; init; }

    /// <summary>Which parts this row has.</summary>
    public SampleParts Parts =>
        (Prompt is null ? 0 : SampleParts.Prompt) | (RealImage is null ? 0 : SampleParts.RealImage)
        | (Question is null ? 0 : SampleParts.Question) | (Answer is null ? 0 : SampleParts.Answer);
}
