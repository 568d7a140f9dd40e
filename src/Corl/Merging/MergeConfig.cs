using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>A merge as data: what a mergekit configuration says.</summary>
internal sealed record MergeConfig
{
    public required MergeMethod Method { get; init; }

    /// <summary>The model that deltas are taken from; null for methods without one.</summary>
    public string? Base { get; init; }

    /// <summary>What is merged, by ranges of layers; one slice without a range is the whole model.</summary>
    public required IReadOnlyList<MergeSlice> Slices { get; init; }

    /// <summary>Parameters that no slice and no model sets.</summary>
    public IReadOnlyDictionary<string, MergeSetting> Parameters { get; init; } = MergeSetting.None;

    /// <summary>Type of the arithmetic, which inputs are rounded to first; null is float32, or float64 where weights are stored so.</summary>
    public ScalarType? Dtype { get; init; }

    /// <summary>Type of the written weights; null is <see cref="Dtype"/>, or else the widest stored type.</summary>
    public ScalarType? OutDtype { get; init; }

    /// <summary>The model whose tokenizer goes with the result; null is the first of <see cref="Models"/>.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Every model that is read, the base first.</summary>
    public IReadOnlyList<string> Models => [.. new[] { Base }.Concat(Slices.SelectMany(slice => slice.Inputs).Select(input => input.Model)).OfType<string>().Distinct()];

    /// <summary>A merge of whole models with equal parameters, weight 1 where a method needs one.</summary>
    public static MergeConfig Of(MergeMethod method, string? origin, IEnumerable<string> experts, IReadOnlyDictionary<string, MergeSetting>? parameters = null) => new()
    {
        Method = method,
        Base = origin,
        Slices = [new MergeSlice([.. experts.Select(expert => new MergeInput(expert, MergeSetting.None))])],
        Parameters = WithWeight(parameters ?? MergeSetting.None),
    };

    private static Dictionary<string, MergeSetting> WithWeight(IReadOnlyDictionary<string, MergeSetting> parameters)
    {
        var all = new Dictionary<string, MergeSetting>(parameters);
        all.TryAdd("weight", MergeSetting.Of(1));
        return all;
    }
}

/// <summary>Layers that are merged alike.</summary>
/// <param name="Inputs">The models.</param>
internal sealed record MergeSlice(IReadOnlyList<MergeInput> Inputs)
{
    /// <summary>The layers, from the first to before the last; null for all.</summary>
    public (int First, int End)? Layers { get; init; }

    public IReadOnlyDictionary<string, MergeSetting> Parameters { get; init; } = MergeSetting.None;
}

/// <summary>A model of a merge with its own parameters.</summary>
internal sealed record MergeInput(string Model, IReadOnlyDictionary<string, MergeSetting> Parameters);
