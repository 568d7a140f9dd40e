namespace Corl.Data.Curation;

/// <summary>
/// A question about an image from any source, in one form. What it lacks is left out: choices where it is open, an answer in words where
/// it has choices only, a rationale where the source gives none.
/// </summary>
internal sealed record Problem
{
    /// <summary>The source's own name for it.</summary>
    public required string Id { get; init; }

    /// <summary>The question without choices and instructions.</summary>
    public required string Question { get; init; }

    /// <summary>The choices without letters; empty for an open question.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>Which choice is right, from 0.</summary>
    public int Correct { get; init; }

    /// <summary>The answer in words or as a number; null where only a choice is right.</summary>
    public string? Answer { get; init; }

    /// <summary>Why, in sentences.</summary>
    public string? Rationale { get; init; }

    /// <summary>The image's path below the source's image folder; null where <see cref="Row"/> says it.</summary>
    public string? Image { get; init; }

    /// <summary>The row of the source's Parquet files that holds the image.</summary>
    public int? Row { get; init; }

    /// <summary>The number of the COCO image, where it is one.</summary>
    public long? CocoId { get; init; }

    /// <summary>What the image is called, to tell two questions about one image.</summary>
    public string ImageKey => Image ?? $"row {Row}";
}
