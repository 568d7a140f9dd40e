using Corl.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// Reads and writes an adapter as PEFT's folder: adapter_config.json and adapter_model.safetensors, whose keys are module names of
/// transformers' or of the original classes, or of the language model alone.
/// </summary>
internal static class AdapterFolder
{
    /// <summary>Name of the weights' file in an adapter's folder.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    // PEFT puts it before every name: the wrapper, and the model inside it.
    private const string Prefix = "base_model.model.";

    private static readonly LoraNames[] JanusNames = [LoraNames.Native, LoraNames.Original, LoraNames.Language];

    /// <summary>Whether a folder is an adapter's.</summary>
    public static bool IsAdapter(string directory) => File.Exists(Path.Combine(directory, LoraConfigFile.Name));

    /// <summary>Reads an adapter for a Janus-Pro model, which may be one without memory. It is not attached.</summary>
    /// <param name="directory">The adapter's folder.</param>
    /// <param name="model">The model whose layers it adapts.</param>
    /// <param name="device">Where its tensors go.</param>
    /// <exception cref="UserException">Names the file and the key: something is missing, unexpected, of another shape, or not finite.</exception>
    public static LoraAdapter Load(string directory, JanusPro model, Device device) => Load(directory, model, JanusNames, device);

    /// <summary>Reads an adapter for a model with any of several tables of names.</summary>
    public static LoraAdapter Load(string directory, Module model, IReadOnlyList<LoraNames> tables, Device device)
    {
        using var scope = NewDisposeScope();
        var (config, _) = LoraConfigFile.Read(directory);
        using var file = new Source(directory);
        var names = file.Fitting(tables, model);
        var targets = new LoraTargets(config, Path.Combine(directory, LoraConfigFile.Name));
        var updates = new List<LoraUpdate>();
        foreach (var place in names.Places(model).Where(p => targets.IsTarget(p.Name)))
        {
            var (a, b, magnitude) = place.Shapes(targets.Rank(place.Name));
            var read = LoraUpdate.Parts(place.IsTable, a, b, config.Dora ? magnitude : null).Select(part => file.Read(place.Name + part.End, part.Part, device)).ToArray();
            updates.Add(new LoraUpdate(place, targets.Scale(place.Name), read[0], read[1], read.ElementAtOrDefault(2)));
        }

        var saved = names.Saved(model, targets).Select(s => s.With(file.Read(s.Name, s.Values.shape, device))).ToList();
        file.CheckAllRead();
        return LoraAdapter.From(config, updates, saved);
    }

    /// <summary>
    /// What keeps an adapter's folder from being read, one line each, as far as it can be told without its base; empty when nothing.
    /// </summary>
    public static IReadOnlyList<string> Problems(string directory)
    {
        try
        {
            var (config, _) = LoraConfigFile.Read(directory);
            var targets = new LoraTargets(config, Path.Combine(directory, LoraConfigFile.Name));
            using var file = new Source(directory);
            return [.. file.Problems(config, targets)];
        }
        catch (UserException e)
        {
            return [e.Message];
        }
    }

    /// <summary>Writes an adapter; each file is complete or absent.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="directory">Made when it is not there.</param>
    /// <param name="baseModel">Name or folder of the base, for people and for PEFT.</param>
    public static void Save(LoraAdapter adapter, string directory, string? baseModel)
    {
        Directory.CreateDirectory(directory);
        using var scope = NewDisposeScope();
        Safetensors.Write(Path.Combine(directory, WeightsName), [
            .. adapter.Updates.SelectMany(u => u.Tensors.Select(t => KeyValuePair.Create<string, Tensor>(Prefix + u.Place.Name + t.End, t.Parameter))),
            .. adapter.Saved.Select(s => KeyValuePair.Create(Prefix + s.Name, s.Values))]);
        LoraConfigFile.Write(directory, adapter.Config, baseModel); // last: it marks a folder as an adapter's
    }

    /// <summary>The file of weights, read by names without PEFT's prefix.</summary>
    private sealed class Source : IDisposable
    {
        // What a key ends in after the module's name; the last is the base's own weight, which PEFT stores beside adapted embeddings.
        private static readonly string[] Ends = [".lora_A.weight", ".lora_B.weight", ".lora_embedding_A", ".lora_embedding_B", ".lora_magnitude_vector", BaseWeight];
        private const string BaseWeight = ".base_layer.weight";

        private readonly string _path;
        private readonly CheckpointReader _reader;
        private readonly HashSet<string> _read = [];

        public Source(string directory)
        {
            _path = Path.Combine(directory, WeightsName);
            if (!File.Exists(_path))
            {
                throw new UserException($"{_path}: not found; expected a PEFT adapter's weights in safetensors");
            }

            _reader = CheckpointReader.Open(_path);
        }

        /// <summary>The table that knows the names of the adapted modules.</summary>
        public LoraNames Fitting(IReadOnlyList<LoraNames> tables, Module model)
        {
            string[] modules = [.. Modules()];
            var missing = "";
            foreach (var table in tables)
            {
                var known = table.Places(model).Select(p => p.Name).ToHashSet();
                if (modules.FirstOrDefault(m => !known.Contains(m)) is not { } unknown)
                {
                    return table;
                }

                missing = missing.Length == 0 ? unknown : missing;
            }

            throw new UserException($"{_path}: adapts {Quoted.Name(missing)}, which is no linear layer or embedding of this model; the adapter belongs to another model");
        }

        public Tensor Read(string name, long[] shape, Device device)
        {
            if (!_reader.Tensors.TryGetValue(Prefix + name, out var info))
            {
                throw new UserException($"{_path}: missing key {Prefix}{name}; {LoraConfigFile.Name} describes an adapter with it");
            }

            if (!info.Shape.AsSpan().SequenceEqual(shape))
            {
                throw new UserException($"{_path}: {Prefix}{name}: expected shape [{string.Join(", ", shape)}], found [{string.Join(", ", info.Shape)}]; rank or base model differ");
            }

            _read.Add(Prefix + name);
            using var scope = NewDisposeScope();
            var values = _reader.Read(Prefix + name);
            if (!values.is_floating_point() || !values.isfinite().all().item<bool>())
            {
                throw new UserException($"{_path}: {Prefix}{name}: has numbers that are not finite, or is of type {info.Dtype}; expected finite floating-point numbers");
            }

            return values.to(ScalarType.Float32, copy: true).to(device).MoveToOuterDisposeScope();
        }

        public void CheckAllRead()
        {
            var unread = _reader.Tensors.Keys.Where(key => !_read.Contains(key) && !key.EndsWith(BaseWeight, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            if (unread.Count > 0)
            {
                throw new UserException($"{_path}: unexpected key {Quoted.Name(unread[0])}{(unread.Count > 1 ? $" and {unread.Count - 1} more" : "")}; {LoraConfigFile.Name} describes an adapter without it");
            }
        }

        /// <summary>Every module of the file is one that the settings adapt, whole, and of the settings' rank.</summary>
        public IEnumerable<string> Problems(LoraConfig config, LoraTargets targets)
        {
            foreach (var key in _reader.Tensors.Keys.Where(key => !key.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                yield return $"unexpected key {Quoted.Name(key)}; every key begins with {Prefix}";
            }

            foreach (var module in Modules())
            {
                var isTable = _reader.Tensors.ContainsKey(Prefix + module + ".lora_embedding_A");
                if (!targets.IsTarget(module))
                {
                    yield return $"{Quoted.Name(module)} is adapted, but {LoraConfigFile.Name} does not name it";
                }

                foreach (var (end, axis) in LoraUpdate.Parts(isTable, "0", "1", config.Dora ? "" : null))
                {
                    if (!_reader.Tensors.TryGetValue(Prefix + module + end, out var info))
                    {
                        yield return $"missing key {Quoted.Name(Prefix + module + end)}";
                    }
                    else if (axis.Length > 0 && (info.Shape.Length != 2 || info.Shape[axis == "0" ? 0 : 1] != targets.Rank(module)))
                    {
                        yield return $"{Quoted.Name(Prefix + module + end)}: shape [{string.Join(", ", info.Shape)}] is not of rank {targets.Rank(module)}";
                    }
                }
            }
        }

        public void Dispose() => _reader.Dispose();

        private IEnumerable<string> Modules() => _reader.Tensors.Keys
            .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(key => Ends.FirstOrDefault(end => key.EndsWith(end, StringComparison.Ordinal)) is { } end ? key[Prefix.Length..^end.Length] : null)
            .OfType<string>().Distinct().Order(StringComparer.Ordinal);
    }
}
