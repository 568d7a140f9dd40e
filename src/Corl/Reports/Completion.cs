namespace Corl.Reports;

/// <summary>One candidate of a prompt, for the completions table.</summary>
public sealed record Completion
{
    /// <summary>The prompt or the question.</summary>
    public required string Prompt { get; init; }

    /// <summary>The written answer; null for an image.</summary>
    public string? Text { get; init; }

    /// <summary>The true answer, where there is one.</summary>
    public string? Truth { get; init; }

    /// <summary>A PNG file: the drawn image, or the one that was asked about; empty when left out.</summary>
    public ReadOnlyMemory<byte> Image { get; init; }

    /// <summary>Every reward by name, not weighted; null where it does not apply.</summary>
    public required IReadOnlyDictionary<string, double?> Rewards { get; init; }

    /// <summary>A_i of Eq. (1).</summary>
    public double? Advantage { get; init; }

    /// <summary>Text of the rewards beside their numbers, for example the caption that was judged.</summary>
    public IReadOnlyDictionary<string, string?> Notes { get; init; } = new Dictionary<string, string?>();
}
