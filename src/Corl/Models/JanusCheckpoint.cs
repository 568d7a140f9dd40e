using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>Loads and saves the model in either layout, and converts one layout into the other without a model.</summary>
public static class JanusCheckpoint
{
    // Beside a native checkpoint: what only the original layout stores, so that a conversion can be undone to the bit.
    private const string UnusedFile = "original_only.safetensors";
    private const string Pool = "vision_model.vision_tower.attn_pool.latent";
    private const string PositionTable = "vision_model.vision_tower.pos_embed";
    private const string HeadKey = "language_model.lm_head.weight", EmbeddingKey = "language_model.model.embed_tokens.weight";

    /// <summary>Loads a checkpoint directory of either layout, from safetensors or PyTorch files, single or sharded.</summary>
    /// <param name="directory">config.json and the weights.</param>
    /// <param name="device">Where the model goes; the CPU when null.</param>
    /// <param name="dtype">Type of the parameters; null is float32 on the CPU and the stored type elsewhere.</param>
    /// <exception cref="UserException">A file is missing or broken, a key missing, unexpected or of another shape: the message names it.</exception>
    public static JanusPro Load(string directory, Device? device = null, ScalarType? dtype = null)
    {
        device ??= CPU;
        using var scope = NewDisposeScope();
        using var source = new Source(directory);
        var wanted = dtype ?? (device.type == TorchSharp.DeviceType.CPU ? ScalarType.Float32 : null as ScalarType?);
        var model = new JanusPro(source.Config, WeightSource.From((key, _) =>
        {
            using var step = NewDisposeScope();
            return source.Read(key).to(device).to(wanted ?? source.Dtype).MoveToOuterDisposeScope();
        }));
        source.CheckAllRead();
        return model;
    }

    /// <summary>The layout of a checkpoint directory, from its config.json.</summary>
    /// <exception cref="UserException">There is none, or it is another model's.</exception>
    public static JanusLayout LayoutOf(string directory) => JanusConfigFile.Read(directory).Layout;

    /// <summary>Writes config.json and the weights, an adapter merged into them, each file complete or absent. Tokenizer and processor files are the caller's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="directory">Made when it is not there.</param>
    /// <param name="layout">Names of the keys.</param>
    /// <param name="dtype">Type stored.</param>
    /// <param name="ids">Special ids, which the native config.json repeats.</param>
    public static void Save(JanusPro model, string directory, JanusLayout layout, ScalarType dtype, SpecialIds? ids = null)
    {
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        var shapes = parameters.Where(p => layout == JanusLayout.Original || !JanusKeys.IsPool(p.Key)).Select(p => (p.Key, p.Value.shape));
        Write(directory, layout, model.Config, dtype, ids, shapes, key => Merged(model.Adapter, key, parameters[key].detach()).to_type(dtype).cpu());
    }

    /// <summary>Rewrites a checkpoint directory in another layout or type, tensor by tensor. Converting back gives the same bits.</summary>
    /// <param name="directory">The checkpoint.</param>
    /// <param name="output">Made when it is not there.</param>
    /// <param name="layout">Names of the keys.</param>
    /// <param name="dtype">Type stored; null as it is.</param>
    /// <param name="ids">Special ids, which the native config.json repeats.</param>
    /// <param name="adapter">Folder of a PEFT adapter that is merged into the weights, in float32 and rounded once.</param>
    /// <returns>The number of tensors written.</returns>
    public static int Convert(string directory, string output, JanusLayout layout, ScalarType? dtype = null, SpecialIds? ids = null, string? adapter = null)
    {
        using var scope = NewDisposeScope();
        using var source = new Source(directory);
        using var shapeless = adapter is null ? null : new JanusPro(source.Config, WeightSource.Empty(META));
        using var lora = adapter is null ? null : AdapterFolder.Load(adapter, shapeless!, CPU);
        var stored = dtype ?? source.Dtype;
        var shapes = Shapes(source.Config);
        var count = Write(output, layout, source.Config, stored, ids, shapes.Concat(layout == JanusLayout.Original ? source.OriginalOnly : []), key => Merged(lora, key, source.Read(key)).to_type(source.TypeOf(key, stored)), key => source.TypeOf(key, stored));
        if (layout == JanusLayout.Native && source.OriginalOnly.ToList() is { Count: > 0 } rest)
        {
            var path = Path.Combine(output, UnusedFile);
            Safetensors.Write(path, [.. rest.Select(item => new TensorInfo(item.Key, source.TypeOf(item.Key, stored), item.Shape, path))], key => source.Read(key, source.TypeOf(key, stored)));
        }

        source.CheckAllRead();
        return count;
    }

    /// <summary>Every original key of a model of these sizes with its shape, without its pooling head.</summary>
    internal static IEnumerable<(string Key, long[] Shape)> Shapes(JanusConfig config)
    {
        using var model = new JanusPro(config with { Vision = config.Vision with { HasPool = false } }, WeightSource.Empty(META));
        return [.. model.named_parameters().Select(p => (p.name, p.parameter.shape))];
    }

    /// <summary>Under which names and shapes a layout stores original keys; one key in several parts where a fused one is cut.</summary>
    internal static IEnumerable<(string Name, string Key, int Part, int Parts, long[] Shape)> Stored(JanusLayout layout, IEnumerable<(string Key, long[] Shape)> shapes)
    {
        foreach (var (key, shape) in shapes)
        {
            var names = layout == JanusLayout.Native ? JanusKeys.ToNative(key) : [key];
            for (var part = 0; part < names.Length; part++)
            {
                yield return (names[part], key, part, names.Length, layout == JanusLayout.Native ? NativeShape(key, shape, names.Length) : shape);
            }
        }
    }

    /// <summary>The shape of an original key, or of each of its parts, in the native layout: the position table has no batch dimension there.</summary>
    internal static long[] NativeShape(string key, long[] shape, int parts) => key == PositionTable ? shape[1..] : parts == 1 ? shape : [shape[0] / parts, .. shape.Skip(1)];

    /// <summary>
    /// What keeps a checkpoint directory from being loaded, one line each: every missing, unexpected and mis-shaped key. Empty when it
    /// loads. Reads headers only.
    /// </summary>
    /// <exception cref="UserException">config.json or a weight file cannot be read at all.</exception>
    public static IReadOnlyList<string> Problems(string directory)
    {
        var (config, layout) = JanusConfigFile.Read(directory);
        using var reader = CheckpointReader.OpenWeights(directory);
        var unexpected = reader.Tensors.Keys.Where(name => !JanusKeys.IsIgnored(name) && !JanusKeys.IsPool(name)).ToHashSet();
        List<string> problems = [];
        foreach (var (name, key, _, _, shape) in Stored(layout, Shapes(config)))
        {
            unexpected.Remove(name);
            if (!reader.Tensors.TryGetValue(name, out var info))
            {
                if (key != HeadKey || !config.TiedHead)
                {
                    problems.Add($"missing key {name} [{string.Join(", ", shape)}]");
                }
            }
            else if (!info.Shape.SequenceEqual(shape) && (key != PositionTable || !info.Shape.SequenceEqual([1, .. shape])))
            {
                problems.Add($"{name}: expected shape [{string.Join(", ", shape)}], found [{string.Join(", ", info.Shape)}]");
            }
        }

        return [.. problems, .. unexpected.Order(StringComparer.Ordinal).Select(name => $"unexpected key {name}")];
    }

    private static int Write(string directory, JanusLayout layout, JanusConfig config, ScalarType dtype, SpecialIds? ids, IEnumerable<(string Key, long[] Shape)> shapes, Func<string, Tensor> read, Func<string, ScalarType>? typeOf = null)
    {
        Directory.CreateDirectory(directory);
        var from = Stored(layout, shapes).ToDictionary(part => part.Name);
        TensorInfo[] infos = [.. from.Values.Select(part => new TensorInfo(
            part.Name, typeOf?.Invoke(part.Key) ?? dtype, part.Shape, directory))];

        Safetensors.WriteSharded(directory, infos, name =>
        {
            using var scope = NewDisposeScope();
            var (_, key, part, parts, _) = from[name];
            var whole = read(key);
            var rows = whole.shape[0] / parts;
            return (layout == JanusLayout.Native && key == PositionTable ? whole.squeeze(0) : whole.narrow(0, part * rows, rows)).contiguous().MoveToOuterDisposeScope();
        });
        AtomicFile.WriteText(Path.Combine(directory, "config.json"), JanusConfigFile.Write(config, layout, DtypeName(dtype), ids));
        return infos.Length;
    }

    private static Tensor Merged(LoraAdapter? adapter, string key, Tensor weight) => adapter is null ? weight : adapter.Merged(key, weight);

    private static string DtypeName(ScalarType dtype) => dtype switch
    {
        ScalarType.BFloat16 => "bfloat16",
        ScalarType.Float16 => "float16",
        ScalarType.Float32 => "float32",
        ScalarType.Float64 => "float64",
        _ => throw new ArgumentException($"weights are stored as bfloat16, float16, float32 or float64, not {dtype}", nameof(dtype)),
    };

    /// <summary>A checkpoint directory, read by original keys whatever its layout.</summary>
    private sealed class Source : IDisposable
    {
        private readonly string _directory;
        private readonly CheckpointReader _reader;
        private readonly CheckpointReader? _rest;
        private readonly JanusLayout _layout;
        private readonly HashSet<string> _read = [];

        public Source(string directory)
        {
            (var config, _layout) = JanusConfigFile.Read(directory);
            _directory = directory;
            _reader = CheckpointReader.OpenWeights(directory);
            var rest = Path.Combine(directory, UnusedFile);
            _rest = _layout == JanusLayout.Native && File.Exists(rest) ? CheckpointReader.Open(rest) : null;
            Config = config with { Vision = config.Vision with { HasPool = (_rest ?? _reader).Tensors.ContainsKey(Pool) } };
            RefuseOtherLayout();
        }

        public JanusConfig Config { get; }

        /// <summary>Type of the stored weights.</summary>
        public ScalarType Dtype => Info(EmbeddingKey).Dtype;

        /// <summary>Stored keys that only the original layout has, with their shapes.</summary>
        public IEnumerable<(string Key, long[] Shape)> OriginalOnly =>
            (_layout == JanusLayout.Native ? _rest : _reader)?.Tensors.Values.Where(t => JanusKeys.IsPool(t.Name) || JanusKeys.IsIgnored(t.Name)).Select(t => (t.Name, t.Shape)) ?? [];

        /// <summary>Type in which a key is to be stored again: buffers keep theirs.</summary>
        public ScalarType TypeOf(string key, ScalarType weights) => JanusKeys.IsIgnored(key) ? Info(key).Dtype : weights;

        public Tensor Read(string key, ScalarType dtype)
        {
            using var scope = NewDisposeScope();
            return Read(key).to_type(TypeOf(key, dtype)).MoveToOuterDisposeScope();
        }

        /// <summary>Reads the tensor of an original key; belongs to the caller's scope.</summary>
        public Tensor Read(string key)
        {
            using var scope = NewDisposeScope();
            if (_layout == JanusLayout.Original || JanusKeys.IsPool(key) || JanusKeys.IsIgnored(key))
            {
                return One(_layout == JanusLayout.Original ? _reader : _rest ?? _reader, TieOr(key)).MoveToOuterDisposeScope();
            }

            Tensor[] parts = [.. JanusKeys.ToNative(TieOr(key)).Select(name => One(_reader, name))];
            var whole = parts.Length == 1 ? parts[0] : cat(parts);
            return (key == PositionTable && whole.dim() == 2 ? whole.unsqueeze(0) : whole).MoveToOuterDisposeScope();
        }

        /// <summary>Refuses stored keys that nothing has asked for.</summary>
        public void CheckAllRead()
        {
            var unread = _reader.Tensors.Keys.Where(name => !_read.Contains(name) && !JanusKeys.IsIgnored(name)).Order(StringComparer.Ordinal).ToList();
            if (unread.Count > 0)
            {
                throw new UserException($"{_directory}: unexpected key {unread[0]}{(unread.Count > 1 ? $" and {unread.Count - 1} more" : "")}; config.json describes a model without it");
            }
        }

        public void Dispose()
        {
            _reader.Dispose();
            _rest?.Dispose();
        }

        private Tensor One(CheckpointReader reader, string name)
        {
            if (!reader.Tensors.ContainsKey(name))
            {
                throw new UserException($"{_directory}: missing key {name}; the weights are incomplete or belong to another model");
            }

            _read.Add(name);
            return reader.Read(name);
        }

        private TensorInfo Info(string key)
        {
            var name = _layout == JanusLayout.Original || JanusKeys.IsIgnored(key) ? key : JanusKeys.ToNative(key)[0];
            var reader = JanusKeys.IsIgnored(key) && _rest is not null ? _rest : _reader;
            return reader.Tensors.TryGetValue(name, out var info) ? info : throw new UserException($"{_directory}: missing key {name}; the weights are incomplete or belong to another model");
        }

        // A tied head may be left out of the file; two stored tensors are never tied.
        private string TieOr(string key) => key == HeadKey && Config.TiedHead && !_reader.Tensors.ContainsKey(_layout == JanusLayout.Original ? key : JanusKeys.ToNative(key)[0]) ? EmbeddingKey : key;

        private void RefuseOtherLayout()
        {
            var native = JanusKeys.ToNative(EmbeddingKey)[0];
            var (expected, other) = _layout == JanusLayout.Native ? (native, EmbeddingKey) : (EmbeddingKey, native);
            if (!_reader.Tensors.ContainsKey(expected) && _reader.Tensors.ContainsKey(other))
            {
                throw new UserException($"{_directory}: config.json says the {_layout.ToString().ToLowerInvariant()} layout, but the weights have the other layout's keys ({other}); use the config.json that belongs to them");
            }
        }
    }
}
