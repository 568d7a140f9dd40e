using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// A low-rank adapter on a model: one <see cref="LoraUpdate"/> for each adapted layer, and the modules that are trained whole. While it
/// is attached the model computes with it, in training and in cached decoding alike; another model on the same weights without it is
/// the base. Owns its tensors.
/// </summary>
internal sealed class LoraAdapter : IDisposable
{
    private readonly LoraUpdate[] _updates;
    private readonly LoraSaved[] _saved;

    private LoraAdapter(LoraConfig config, IEnumerable<LoraUpdate> updates, IEnumerable<LoraSaved> saved)
    {
        (Config, _updates, _saved) = (config, [.. updates], [.. saved]);
        SavedKeys = _saved.Select(s => s.Key).ToHashSet();
    }

    /// <summary>The settings.</summary>
    public LoraConfig Config { get; }

    /// <summary>The updates.</summary>
    public IReadOnlyList<LoraUpdate> Updates => _updates;

    /// <summary>The modules that are trained whole.</summary>
    public IReadOnlyList<LoraSaved> Saved => _saved;

    /// <summary>Numbers in the adapter.</summary>
    public long Parameters => _updates.Sum(u => u.Tensors.Sum(t => t.Parameter.numel())) + _saved.Sum(s => s.Values.numel());

    /// <summary>A new adapter that changes nothing yet: of each pair of factors one is zero, the other random.</summary>
    /// <param name="model">The model; its names decide what is adapted.</param>
    /// <param name="names">Names of the layout that the adapter will be stored for.</param>
    /// <param name="config">The settings.</param>
    /// <param name="seed">Seed of the random factors.</param>
    /// <param name="within">Keys of the weights that may be adapted.</param>
    /// <exception cref="UserException">The settings are wrong, or match nothing.</exception>
    public static LoraAdapter Create(Module model, LoraNames names, LoraConfig config, ulong seed, Func<string, bool>? within = null)
    {
        if (config.Problem() is { } problem)
        {
            throw new UserException($"lora: {problem}");
        }

        using var scope = NewDisposeScope();
        var targets = new LoraTargets(config, "lora");
        var (places, matched) = Choose(model, names, config, within);
        var weights = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var updates = places.Select(p => Fresh(p, targets, config.Dora, weights[p.Key], seed)).ToList();
        if (places.Count < matched)
        {
            // What is stored must name the same modules to everybody.
            config = config with { TargetModules = [.. places.Select(p => p.Name)], TargetPattern = null, ExcludeModules = [], ExcludePattern = null, LayersToTransform = null };
        }

        return new LoraAdapter(config, updates, names.Saved(model, targets));
    }

    /// <summary>What settings adapt in a model, which may be one without memory, and how many modules they would without <paramref name="within"/>.</summary>
    /// <inheritdoc cref="Create"/>
    public static (IReadOnlyList<LoraPlace> Places, int Matched) Choose(Module model, LoraNames names, LoraConfig config, Func<string, bool>? within)
    {
        var targets = new LoraTargets(config, "lora");
        var all = names.Places(model).ToList();
        var matched = all.Where(p => targets.IsTarget(p.Name)).ToList();
        var places = matched.Where(p => within?.Invoke(p.Key) ?? true).ToList();
        return places.Count > 0
            ? (places, matched.Count)
            : throw new UserException($"lora: target_modules matches no trained layer; the model has names such as {string.Join(", ", all.Where(p => within?.Invoke(p.Key) ?? true).Select(p => p.Name).Take(3))}");
    }

    /// <summary>An adapter made of tensors that are there.</summary>
    public static LoraAdapter From(LoraConfig config, IEnumerable<LoraUpdate> updates, IEnumerable<LoraSaved> saved) => new(config, updates, saved);

    /// <summary>
    /// Makes the model compute with this adapter. The weights of modules that are trained whole are written into the model.
    /// </summary>
    public void Attach(Module model)
    {
        using var noGrad = no_grad();
        Put(model, _updates.GroupBy(u => u.Place.Key).ToDictionary(g => g.Key, g => g.ToArray()));
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var saved in _saved)
        {
            saved.LiveIn(parameters[saved.Key]);
        }
    }

    /// <summary>Takes the low-rank updates off a model; modules that were trained whole stay as they are.</summary>
    public static void Detach(Module model) => Put(model, []);

    /// <summary>What is trained, under the names of <see cref="AdapterFolder"/>'s keys.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Trained(Module model)
    {
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        return [.. _updates.SelectMany(u => u.Tensors.Select(t => (u.Place.Name + t.End, t.Parameter))), .. _saved.Select(s => s.Key).Distinct().Select(key => (key, parameters[key]))];
    }

    /// <summary>A weight of the base with the adapter in it.</summary>
    /// <param name="key">Its key in the original layout.</param>
    /// <param name="weight">Its values.</param>
    /// <returns>The weight itself (another reference) when the adapter leaves it alone, else float32.</returns>
    public Tensor Merged(string key, Tensor weight)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var merged = weight.alias();
        foreach (var saved in _saved.Where(s => s.Key == key))
        {
            merged = saved.PutInto(merged);
        }

        foreach (var update in _updates.Where(u => u.Place.Key == key))
        {
            merged = update.Merged(merged);
        }

        return merged.MoveToOuterDisposeScope();
    }

    /// <summary>The low-rank updates as they are now, in memory of their own; null when they change nothing.</summary>
    public LoraAdapter? Copy() => _updates.All(u => u.IsZero()) ? null : new LoraAdapter(Config, _updates.Select(u => u.Copy()), []);

    /// <summary>Keys of the model's weights that are trained whole.</summary>
    public IReadOnlySet<string> SavedKeys { get; }

    /// <summary>Whether <see cref="Merged"/> changes a weight.</summary>
    public bool Changes(string key) => SavedKeys.Contains(key) || _updates.Any(u => u.Place.Key == key);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var update in _updates)
        {
            update.Dispose();
        }

        foreach (var saved in _saved)
        {
            saved.Dispose();
        }
    }

    private static void Put(Module model, Dictionary<string, LoraUpdate[]> byKey)
    {
        foreach (var (name, module) in model.named_modules())
        {
            var updates = byKey.GetValueOrDefault(name + ".weight");
            if (module is Dense layer)
            {
                layer.Updates = updates;
            }
            else if (module is Table table)
            {
                table.Update = updates?[0];
            }
        }
    }

    private static LoraUpdate Fresh(LoraPlace place, LoraTargets targets, bool dora, Tensor weight, ulong seed)
    {
        using var scope = NewDisposeScope();
        var (a, b, _) = place.Shapes(targets.Rank(place.Name));
        var random = CounterRng.Named(seed, "lora/" + place.Name);
        // PEFT's starts: Kaiming-uniform A for layers, normal B for tables.
        var bound = 1 / Math.Sqrt(place.Columns);
        var count = (int)(place.IsTable ? b[0] * b[1] : a[0] * a[1]);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)(place.IsTable ? random.Normal() : random.Uniform(-bound, bound));
        }

        var drawn = tensor(values, place.IsTable ? b : a, device: weight.device);
        var zero = zeros(place.IsTable ? a : b, ScalarType.Float32, weight.device);
        var rows = place.IsWhole ? weight : weight.narrow(0, place.FirstRow, place.Rows);
        return new LoraUpdate(place, targets.Scale(place.Name), place.IsTable ? zero : drawn, place.IsTable ? drawn : zero, dora ? LoraUpdate.Norms(rows, place.IsTable) : null);
    }
}

/// <summary>A weight, or rows of a fused one, of a module that is trained whole.</summary>
internal sealed class LoraSaved(string name, string key, long firstRow, Tensor values) : IDisposable
{
    /// <summary>Name of the weight in the layout that the adapter belongs to.</summary>
    public string Name { get; } = name;

    /// <summary>Key of the weight in the original layout.</summary>
    public string Key { get; } = key;

    /// <summary>Its values; once attached, a view of the model's.</summary>
    public Tensor Values { get; private set; } = values.DetachFromDisposeScope();

    /// <summary>The same place with other values.</summary>
    public LoraSaved With(Tensor values)
    {
        using (Values)
        {
            return new LoraSaved(Name, Key, firstRow, values);
        }
    }

    /// <summary>Writes the values into the model's weight, which is the truth from then on.</summary>
    public void LiveIn(Tensor weight)
    {
        var live = weight.detach().narrow(0, firstRow, Values.shape[0]);
        live.copy_(Values);
        Values.Dispose();
        Values = live.DetachFromDisposeScope();
    }

    /// <summary>A copy of the weight with these rows in their place.</summary>
    public Tensor PutInto(Tensor weight)
    {
        using var scope = NewDisposeScope();
        var whole = weight.clone();
        whole.narrow(0, firstRow, Values.shape[0]).copy_(Values);
        return whole.MoveToOuterDisposeScope();
    }

    public void Dispose() => Values.Dispose();
}
