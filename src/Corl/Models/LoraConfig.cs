namespace Corl.Models;

/// <summary>
/// A low-rank adapter (Hu et al. 2021) as data: which linear layers and tables get y = W x + s·B(A x), of which rank r, with
/// s = α/r. The names and their meaning are those of PEFT's adapter_config.json; patterns are regular expressions that must match
/// the whole name, without look-around and back-references.
/// </summary>
public sealed record LoraConfig
{
    /// <summary>r: rank of the updates. Default as in trl's settings, which the reference code's trainer takes over; the next too.</summary>
    public int R { get; init; } = 16;

    /// <summary>α: s = α/r.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Module names, or ends of names after a dot. The default is every linear layer of a Llama block.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Instead of <see cref="TargetModules"/>, a pattern of whole names.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Names, or ends of names, that are left out.</summary>
    public IReadOnlyList<string> ExcludeModules { get; init; } = [];

    /// <summary>Instead of <see cref="ExcludeModules"/>, a pattern of whole names.</summary>
    public string? ExcludePattern { get; init; }

    /// <summary>Numbers of the layers that are adapted, from 0; null for all. Does not restrict <see cref="TargetPattern"/>.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Names of the lists whose places are layer numbers; empty: whatever list a number follows.</summary>
    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Other ranks, by the end of a module's name (a pattern).</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Other α, by the end of a module's name (a pattern).</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>s = α/√r (rank-stabilised LoRA, Kalajdzievski 2023).</summary>
    public bool Rslora { get; init; }

    /// <summary>The rows of W + s·BA get a trained length each (DoRA, Liu et al. 2024).</summary>
    public bool Dora { get; init; }

    /// <summary>Modules that are trained whole beside the adapter, by the ends of their names.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>What is wrong with the settings, or null.</summary>
    internal string? Problem()
    {
        const int MaxRank = 1 << 16; // no layer is wider
        int[] ranks = [R, .. RankPattern.Values];
        double[] alphas = [Alpha, .. AlphaPattern.Values];
        return ranks.Any(r => r is < 1 or > MaxRank) ? $"r is {ranks.First(r => r is < 1 or > MaxRank)}, expected 1 to {MaxRank}"
            : !alphas.All(a => double.IsFinite(a) && a > 0) ? $"alpha is {alphas.First(a => !(double.IsFinite(a) && a > 0))}, expected a positive number"
            : TargetPattern is null && TargetModules.Count == 0 ? "target_modules is empty; the usual list is [q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]"
            : LayersToTransform?.Any(layer => layer < 0) == true ? "layers_to_transform has a negative number; layers count from 0"
            : null;
    }
}
