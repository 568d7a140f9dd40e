namespace Corl.Data.Curation;

/// <summary>What an adapter makes of an item: a problem, or the reason why the item is none.</summary>
internal readonly record struct Adapted(Problem? Problem, string? Reason)
{
    public static Adapted As(Problem problem) => new(problem, null);

    /// <summary>The item is well formed, but of no use; items are counted by this reason.</summary>
    public static Adapted Unfit(string reason) => new(null, reason);
}
