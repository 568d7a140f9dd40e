using System.Text.Json;
using Corl.Checkpoints;
using Corl.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Tests.Models;

/// <summary>A golden adapter with a model to put it on: a small Llama, or the language model of a small Janus whose other weights are zero.</summary>
internal sealed class LoraCase : IDisposable
{
    private const string Root = "merging/lora";
    private readonly CheckpointReader _expected;

    public LoraCase(string name)
    {
        Directory = GoldenFiles.Path($"{Root}/{name}");
        _expected = CheckpointReader.Open(Path.Combine(Directory, "expected.safetensors"));
        IsJanus = name.StartsWith("janus", StringComparison.Ordinal);
        Model = IsJanus ? Janus() : TinyLlama();
    }

    public static IEnumerable<string> Names => System.IO.Directory.EnumerateDirectories(GoldenFiles.Path(Root)).Where(AdapterFolder.IsAdapter).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal);

    public static JsonElement Facts(string name) => GoldenJson.Read($"{Root}/cases.json").GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name);

    public string Directory { get; }

    public bool IsJanus { get; }

    public Module Model { get; }

    public IReadOnlyList<LoraNames> Tables => IsJanus ? [LoraNames.Native] : [LoraNames.Original];

    public LoraAdapter Load() => AdapterFolder.Load(Directory, Model, Tables, CPU);

    public Tensor Expected(string name) => _expected.Read(name);

    public IEnumerable<string> Starting(string prefix) => _expected.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..]);

    public Tensor Logits()
    {
        var ids = Expected("input_ids");
        return Model switch
        {
            JanusPro janus => janus.TextLogits(janus.Hidden(janus.EmbedText(ids))),
            Llama llama => llama.Logits(llama.Hidden(llama.Embed(ids))),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>Mean cross-entropy of the next token.</summary>
    public Tensor Loss()
    {
        var logits = Logits();
        var count = logits.shape[1] - 1;
        return functional.cross_entropy(logits.narrow(1, 0, count).reshape(-1, logits.shape[2]), Expected("input_ids").narrow(1, 1, count).reshape(-1));
    }

    /// <summary>The original key of a weight by its name in the files.</summary>
    public string KeyOf(string name) => IsJanus ? Model.named_parameters().Select(p => p.name).First(key => JanusKeys.ToNative(key) is [var native] && native == name) : name;

    public void Dispose()
    {
        Model.Dispose();
        _expected.Dispose();
    }

    private static Llama TinyLlama()
    {
        var sizes = GoldenJson.Read($"{Root}/tiny-llama/config.json");
        int Size(string name) => sizes.GetProperty(name).GetInt32();
        using var reader = CheckpointReader.OpenWeights(GoldenFiles.Path($"{Root}/tiny-llama"));
        var config = new LlamaConfig(
            Size("vocab_size"), Size("hidden_size"), Size("intermediate_size"), Size("num_hidden_layers"), Size("num_attention_heads"), Size("num_key_value_heads"), Size("head_dim"));
        return new Llama(WeightSource.From((key, _) => reader.Read(key).clone()), config);
    }

    // The sizes that the golden README's script gives its Janus.
    private static JanusPro Janus()
    {
        using var reader = Tensors.Golden($"{Root}/tiny-janus-language-model.safetensors");
        var config = new JanusConfig
        {
            Language = new LlamaConfig(VocabularySize: 40, HiddenSize: 16, IntermediateSize: 32, Layers: 2, Heads: 2, KvHeads: 2, HeadWidth: 8),
            Vision = new VisionConfig(Width: 16, Layers: 1, Heads: 2, PatchSize: 4, ImageSize: 8, MlpWidth: 32),
            Vq = new VqConfig(Channels: 32, Multipliers: [1, 1], ResidualBlocks: 1, LatentChannels: 32, Codes: 16, CodeWidth: 8),
            ImageHeadWidth = 16,
        };
        return new JanusPro(config, WeightSource.From((key, shape) => key.StartsWith("language_model.", StringComparison.Ordinal) ? reader.Read(JanusKeys.ToNative(key)[0]).clone() : zeros(shape)));
    }
}
