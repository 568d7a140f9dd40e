namespace Corl.Rewards;

/// <summary>What one reward gave to a batch.</summary>
/// <param name="Values">[N] in candidate order; null where the reward does not apply to the row, not a number where it could not score it.</param>
public sealed record Scores(float?[] Values)
{
    private static readonly IReadOnlyDictionary<string, float?[]> NoParts = new Dictionary<string, float?[]>();

    /// <summary>The terms that the values are made of, each [N], logged as "reward/part"; empty for most rewards.</summary>
    public IReadOnlyDictionary<string, float?[]> Parts { get; init; } = NoParts;

    /// <summary>Text worth keeping beside each row, each [N], for example the caption that was judged; empty for most rewards.</summary>
    public IReadOnlyDictionary<string, string?[]> Notes { get; init; } = new Dictionary<string, string?[]>();

    /// <summary>The score of row <paramref name="row"/>.</summary>
    public float? this[int row] => Values[row];

    /// <summary>Scores without parts.</summary>
    public static implicit operator Scores(float?[] values) => new(values);

    /// <summary>Scores without parts for a reward that applies to every row.</summary>
    public static implicit operator Scores(float[] values) => new([.. values.Select(value => (float?)value)]);
}
