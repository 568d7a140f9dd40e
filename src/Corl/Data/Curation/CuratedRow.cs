namespace Corl.Data.Curation;

/// <summary>A row of the set that is made.</summary>
internal sealed record CuratedRow
{
    /// <summary>Source and problem, for example "aokvqa/22MexNkBPpdZGX6sxbxVBH".</summary>
    public required string Id { get; init; }

    public required string Source { get; init; }

    public required ProblemText Text { get; init; }

    /// <summary>The prompt to draw; null in mcot.</summary>
    public string? Prompt { get; init; }

    /// <summary>The encoded image.</summary>
    public required ReadOnlyMemory<byte> Image { get; init; }

    /// <summary>The image's name, unique in the set.</summary>
    public required string ImageName { get; init; }

    public long? CocoId { get; init; }

    public long? CaptionId { get; init; }

    public double? Coverage { get; init; }

    /// <summary>The share of a policy's answers that were right; null where it was not measured.</summary>
    public double? PassRate { get; init; }
}
