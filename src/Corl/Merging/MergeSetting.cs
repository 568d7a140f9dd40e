namespace Corl.Merging;

/// <summary>
/// A parameter of a merge, which may differ from tensor to tensor: the first case whose filter is part of the tensor's name counts, and a
/// case with several values runs from the first to the last over the layers.
/// </summary>
/// <param name="Cases">At least one.</param>
internal sealed record MergeSetting(IReadOnlyList<MergeCase> Cases)
{
    /// <summary>The names of all parameters.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "weight", "density", "gamma", "epsilon", "lambda", "t", "normalize", "rescale", "rescale_by_density", "int8_mask",
        "nuslerp_flatten", "nuslerp_row_wise", "filter_wise", "breadcrumbs_small", "body", "outlier", "cut",
    ];

    /// <summary>No parameter at all.</summary>
    public static readonly IReadOnlyDictionary<string, MergeSetting> None = new Dictionary<string, MergeSetting>();

    /// <summary>The same value for every tensor.</summary>
    public static MergeSetting Of(double value) => new([new MergeCase(null, [value])]);

    /// <summary>The value for a tensor, or null when no case is for it.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="depth">Where its layer stands, from 0 to 1; 0 outside the layers.</param>
    public double? At(string tensor, double depth) => Cases.FirstOrDefault(c => c.Filter is null or "*" || tensor.Contains(c.Filter, StringComparison.Ordinal))?.At(depth);
}

/// <summary>One case of a setting.</summary>
/// <param name="Filter">Part of the names it is for; null or "*" for all.</param>
/// <param name="Values">One value, or several at equal distances over the layers; linear between them.</param>
internal sealed record MergeCase(string? Filter, IReadOnlyList<double> Values)
{
    public double At(double depth)
    {
        var place = depth * (Values.Count - 1);
        var first = (int)place;
        var share = place - first;
        return share == 0 ? Values[first] : ((1 - share) * Values[first]) + (share * Values[first + 1]);
    }
}
