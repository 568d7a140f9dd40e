using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>
/// Merges models tensor by tensor: what is in memory is a few copies of one tensor. The arithmetic is float32 unless the configuration
/// names another type. Integers and truth values (buffers) are not merged: they must be equal in all models.
/// </summary>
internal sealed partial class CheckpointMerge
{
    private const int MaxNames = 20; // ours: the first few problems tell what is wrong
    private readonly MergeConfig _config;
    private readonly Dictionary<string, MergeSource> _sources;
    private readonly Device _device;
    private readonly ulong _seed;
    private readonly int _layers;

    /// <summary>Checks that the method and the models fit together. Reads no weights.</summary>
    /// <param name="config">What is to be done.</param>
    /// <param name="sources">The models that the configuration names.</param>
    /// <param name="seed">Seed of the methods that drop elements at random.</param>
    /// <param name="device">Where tensors are merged; the CPU when null.</param>
    /// <exception cref="UserException">Too many or too few models for the method, or tensors of other names or shapes: the message lists them.</exception>
    public CheckpointMerge(MergeConfig config, IEnumerable<MergeSource> sources, ulong seed = 0, Device? device = null)
    {
        (_config, _sources, _seed, _device) = (config, sources.ToDictionary(source => source.Name), seed, device ?? CPU);
        Draw = Drawn;
        CheckModels();
        CheckTensors();
        var main = _sources[config.Models[0]].Tensors;
        _layers = main.Keys.Select(LayerOf).Max() is { } last ? last + 1 : 0;
        CheckSlices();
        Tensors = [.. main.Values.Select(info => info with { Dtype = StoredType(info.Name) })];
    }

    /// <summary>Every tensor of the result.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>The random masks; by default each place is a draw of the stream named by seed, tensor and expert.</summary>
    public Draw Draw { get; init; }

    /// <summary>Writes the merged weights into a directory, in one file or in shards with an index.</summary>
    /// <param name="directory">A new or empty directory.</param>
    /// <param name="maxShardBytes">Data per file.</param>
    /// <param name="merged">Told after each tensor how many are done.</param>
    public void Write(string directory, long maxShardBytes = Safetensors.DefaultShardBytes, Action<int>? merged = null)
    {
        var done = 0;
        try
        {
            Safetensors.WriteSharded(directory, Tensors, name =>
            {
                SafeCollection.Here();
                var tensor = Merge(name);
                merged?.Invoke(++done);
                return tensor;
            }, maxShardBytes);
        }
        finally
        {
            SafeCollection.Release();
        }
    }

    /// <summary>One merged tensor, in the type it is stored in; it belongs to the caller's scope.</summary>
    public Tensor Merge(string name)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var stored = StoredType(name);
        if (!is_floating_point(stored))
        {
            return Common(name).MoveToOuterDisposeScope();
        }

        var work = _config.Dtype ?? (_config.Models.Any(model => _sources[model].Tensors[name].Dtype == ScalarType.Float64) ? ScalarType.Float64 : ScalarType.Float32);
        var (slice, depth) = PlaceOf(name);
        var settings = new TensorSettings(_config, slice, name, depth);
        Tensor Weights(string model) => _sources[model].Read(name).to(_device).to_type(work);
        return Merge(settings, slice, Weights).to_type(stored).cpu().MoveToOuterDisposeScope();
    }

    private Tensor Merge(TensorSettings settings, MergeSlice slice, Func<string, Tensor> read)
    {
        if (_config.Method == MergeMethod.Linear)
        {
            var values = slice.Inputs.Select(input => settings.Need("weight", input)).ToArray();
            return Linear([.. slice.Inputs.Select(input => read(input.Model))], values, settings.IsOn("normalize", true));
        }

        var origin = _config.Base is { } model ? read(model) : null;
        var experts = slice.Inputs.Where(input => input.Model != _config.Base).Select(input => (Model: input, Weights: read(input.Model))).ToList();
        if (TaskVectorRule.Of(_config.Method) is { } rule)
        {
            return experts.Count == 0 ? origin! : TaskVectors.Merge(rule, origin!, experts, settings, Draw);
        }

        List<Tensor> Deltas() => [.. experts.Select(expert => expert.Weights - origin!)];
        return _config.Method switch
        {
            MergeMethod.Gaussian => origin! + GaussianMerge.Merge(Deltas(), settings.Get("lambda", 2), settings.Get("body", 1.0 / experts.Count), settings.Get("outlier", 1)),
            MergeMethod.GaussianMoment => GaussianMomentMerge.Merge(origin!, [.. experts.Select(expert => (expert.Weights, Positive(settings, expert.Model)))], settings.Get("cut", 3)),
            MergeMethod.Fnorm => origin! + GaussianMerge.ByNorm(Deltas()),
            MergeMethod.Slerp => SphericalMerge.Slerp(origin!, experts[0].Weights, settings.Need("t")),
            MergeMethod.Nuslerp => Nuslerp(origin, experts, settings),
            MergeMethod.ModelStock => ModelStockMerge.Merge(origin!, [.. experts.Select(expert => expert.Weights)], settings.IsOn("filter_wise", false)),
            _ => throw new InvalidOperationException($"no arithmetic for {_config.Method}"),
        };
    }

    private static Tensor Linear(Tensor[] models, double[] values, bool normalizes)
    {
        var all = stack(models); // [T, …]
        var weights = tensor(values).to(all.dtype).to(all.device).view([values.Length, .. models[0].shape.Select(_ => 1L)]);
        var sum = (weights * all).sum([0]);
        return normalizes ? sum / weights.sum([0]) : sum;
    }

    private static Tensor Nuslerp(Tensor? origin, List<(MergeInput Model, Tensor Weights)> experts, TensorSettings settings)
    {
        const double LeastSum = 1e-6; // mergekit's: weights that cancel mean halfway
        var (a, b) = (settings.Need("weight", experts[0].Model), settings.Need("weight", experts[1].Model));
        var t = Math.Abs(a + b) < LeastSum ? 0.5 : b / (a + b);
        int? dimension = settings.IsOn("nuslerp_flatten", true) ? null : settings.IsOn("nuslerp_row_wise", false) ? 0 : -1;
        return origin is null
            ? SphericalMerge.Along(experts[0].Weights, experts[1].Weights, t, dimension)
            : origin + SphericalMerge.Along(experts[0].Weights - origin, experts[1].Weights - origin, t, dimension);
    }

    private static double Positive(TensorSettings settings, MergeInput model) =>
        settings.Get("weight", 1, model) is >= 0 and var weight ? weight : throw new UserException($"'weight' of {Quoted.Name(model.Model)} is negative, which gaussian_moment has no use for; write 0 or more");

    // float32 [shape]: 1 where the draw of the place is below its probability.
    private Tensor Drawn(string name, int expert, string model, Tensor probabilities)
    {
        const int ChunkElements = 1 << 24; // ours: a span of it fits an int
        var rng = CounterRng.Named(_seed, "merge/" + name, expert);
        var mask = probabilities.cpu().clone();
        var flat = mask.view(-1);
        for (var done = 0L; done < flat.numel(); done += ChunkElements)
        {
            using var chunk = flat.narrow(0, done, Math.Min(ChunkElements, flat.numel() - done));
            var values = MemoryMarshal.Cast<byte, float>(chunk.bytes);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = rng.UniformAt(done + i) < values[i] ? 1 : 0;
            }
        }

        return mask.to(probabilities.device);
    }

    private Tensor Common(string name)
    {
        var values = _config.Models.Select(model => (Name: model, Values: _sources[model].Read(name))).ToList();
        var other = values.Find(model => !model.Values.Equals(values[0].Values));
        return other.Name is null
            ? values[0].Values.clone()
            : throw new UserException($"tensor {Quoted.Name(name)} holds whole numbers, which are not merged, and differs between {Quoted.Name(values[0].Name)} and {Quoted.Name(other.Name)}");
    }

    private ScalarType StoredType(string name)
    {
        var types = _config.Models.Select(model => _sources[model].Tensors[name].Dtype).ToList();
        return is_floating_point(types[0]) ? _config.OutDtype ?? _config.Dtype ?? types.Aggregate((a, b) => promote_types(a, b)) : types[0];
    }

    private (MergeSlice Slice, double Depth) PlaceOf(string name)
    {
        var layer = LayerOf(name);
        var slice = layer is null ? _config.Slices[0] : _config.Slices.First(s => s.Layers is not { } range || (layer >= range.First && layer < range.End));
        var (first, end) = slice.Layers ?? (0, _layers);
        return (slice, layer is null ? 0 : end - first == 1 ? 1 : (layer.Value - first) / (double)(end - first - 1)); // a single layer counts as the last, as in mergekit
    }

    private void CheckModels()
    {
        var isDelta = TaskVectorRule.Of(_config.Method) is not null;
        var experts = _config.Slices.Select(slice => slice.Inputs.Count(input => input.Model != _config.Base)).ToList();
        var (needsBase, least, most) = _config.Method switch
        {
            MergeMethod.Linear => (false, 0, int.MaxValue),
            MergeMethod.Nuslerp => (false, 2, 2),
            MergeMethod.Slerp => (true, 1, 1),
            MergeMethod.ModelStock => (true, 2, int.MaxValue),
            _ => (true, isDelta ? 0 : 1, int.MaxValue),
        };
        if (needsBase && _config.Base is null)
        {
            throw new UserException($"{NameOf(_config.Method)} takes differences from a base model; name it with base_model, or --base");
        }

        if (experts.FirstOrDefault(count => count < least || count > most, -1) is var wrong and >= 0)
        {
            throw new UserException($"{NameOf(_config.Method)} merges {(most == int.MaxValue ? $"{least} or more models" : least == 1 ? "the base and one other model" : "two models")}{(needsBase && least > 1 ? " beside the base" : "")}, but {wrong} are named{(_config.Base is null ? "" : " beside the base")}");
        }
    }

    private void CheckTensors()
    {
        var main = _sources[_config.Models[0]];
        List<string> problems = [];
        foreach (var other in _config.Models.Skip(1).Select(model => _sources[model]))
        {
            problems.AddRange(main.Tensors.Keys.Where(name => !other.Tensors.ContainsKey(name)).Select(name => $"{Quoted.Name(name)} is not in {Quoted.Name(other.Name)}"));
            problems.AddRange(other.Tensors.Keys.Where(name => !main.Tensors.ContainsKey(name)).Select(name => $"{Quoted.Name(name)} of {Quoted.Name(other.Name)} is not in {Quoted.Name(main.Name)}"));
            problems.AddRange(
                from info in main.Tensors.Values
                let twin = other.Tensors.GetValueOrDefault(info.Name)
                where twin is not null && (!twin.Shape.SequenceEqual(info.Shape) || is_floating_point(twin.Dtype) != is_floating_point(info.Dtype))
                select $"{Quoted.Name(info.Name)} is {info.Dtype} [{string.Join(", ", info.Shape)}] in {Quoted.Name(main.Name)} and {twin.Dtype} [{string.Join(", ", twin.Shape)}] in {Quoted.Name(other.Name)}");
        }

        if (problems.Count > 0)
        {
            throw new UserException($"the models do not fit together: {string.Join("; ", problems.Take(MaxNames))}{(problems.Count > MaxNames ? $"; and {problems.Count - MaxNames} more" : "")}; merge models of one architecture");
        }
    }

    private void CheckSlices()
    {
        if (_config.Slices is [{ Layers: null }])
        {
            return;
        }

        var next = 0;
        foreach (var slice in _config.Slices)
        {
            next = slice.Layers is { } range && range.First == next && range.End > next ? range.End
                : throw new UserException($"slices: expected layers from {next} on, got {(slice.Layers is { } other ? $"{other.First} to {other.End}" : "none")}; slices follow each other from 0, layers are not put elsewhere");
        }

        if (next != _layers)
        {
            throw new UserException($"slices: they end with layer {next}, the models have {_layers}; layers are not left out");
        }
    }

    /// <summary>The name of a method in configurations.</summary>
    internal static string NameOf(MergeMethod method) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(method.ToString());

    // The layer of the language model that a tensor belongs to: in Llama's names, and in either layout of Janus-Pro.
    private static int? LayerOf(string name) => Layer().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^(?:model|language_model\.model|model\.language_model)\.layers\.([0-9]{1,4})\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
