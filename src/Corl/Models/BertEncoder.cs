using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// A BERT or RoBERTa text encoder (Devlin et al. 2019, Liu et al. 2019): every token of a text becomes a vector that knows the others.
/// N texts, S tokens, D width.
/// </summary>
internal sealed class BertEncoder : Module
{
    private readonly BertEmbeddings embeddings;
    private readonly BertLayers encoder;

    internal BertEncoder(BertConfig config, WeightSource weights) : base(nameof(BertEncoder))
    {
        Config = config;
        embeddings = new BertEmbeddings(weights.At(nameof(embeddings)), config);
        encoder = new BertLayers(weights.At(nameof(encoder)), config);
        RegisterComponents();
    }

    public BertConfig Config { get; }

    public Device Device => embeddings.Words.device;

    /// <summary>Whether the files are RoBERTa's: byte-level pairs, positions from 2 on.</summary>
    public bool IsRoberta => Config.FirstPosition > 0;

    /// <summary>Most tokens of a text.</summary>
    public int MaxTokens => Config.Positions - Config.FirstPosition;

    /// <summary>Reads config.json and the weights of a directory, with or without the prefix "bert." or "roberta.".</summary>
    /// <exception cref="UserException">A file is missing or does not fit; names the file and the tensor or key.</exception>
    public static BertEncoder Load(string directory, Device? device = null)
    {
        var config = ReadConfig(NetworkConfig.Open(Path.Combine(directory, "config.json")));
        using var weights = new RenamedWeights(directory, Key);
        var model = new BertEncoder(config, weights.On(device ?? CPU));
        weights.RefuseLeftovers();
        return model;
    }

    /// <summary>The same without weights.</summary>
    internal static BertEncoder Empty(BertConfig config, Device device) => new(config, WeightSource.Empty(device));

    /// <summary>The states after some of the layers.</summary>
    /// <param name="ids">int64 [N, S], padded right.</param>
    /// <param name="real">[N, S], true on tokens; null without padding.</param>
    /// <param name="layers">How many layers; 0 for the embeddings.</param>
    /// <returns>[N, S, D].</returns>
    public Tensor Forward(Tensor ids, Tensor? real, int layers)
    {
        using var scope = NewDisposeScope();
        var x = embeddings.Forward(ids);
        var mask = real?.unsqueeze(1).unsqueeze(1);
        foreach (var layer in encoder.Layers.Take(layers))
        {
            x = layer.Forward(x, layer.TextMemory(x), mask);
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The key of a stored tensor; null for what the encoder does not need: heads, pooler, constants.</summary>
    internal static string? Key(string name)
    {
        var key = name.StartsWith("bert.", StringComparison.Ordinal) || name.StartsWith("roberta.", StringComparison.Ordinal) ? name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..] : name;
        var isNeeded = key != "embeddings.position_ids" && !key.StartsWith("pooler.", StringComparison.Ordinal) && !key.StartsWith("cls.", StringComparison.Ordinal) && !key.StartsWith("lm_head.", StringComparison.Ordinal);
        return isNeeded ? key.Replace("LayerNorm.gamma", "LayerNorm.weight", StringComparison.Ordinal).Replace("LayerNorm.beta", "LayerNorm.bias", StringComparison.Ordinal) : null;
    }

    private static BertConfig ReadConfig(JsonAt root)
    {
        var type = root["model_type"];
        var isRoberta = type.Text() switch
        {
            "bert" => false,
            "roberta" => true,
            var other => throw type.Error($"expected \"bert\" or \"roberta\", found \"{other}\""),
        };
        if (root.Find("hidden_act") is { } activation && activation.Text() != "gelu")
        {
            throw activation.Error($"expected \"gelu\", found \"{activation.Text()}\"");
        }

        // RoBERTa counts positions from the row after its padding id.
        var first = isRoberta ? root.Size("pad_token_id", low: 0) + 1 : 0;
        var config = new BertConfig(
            root.Size("vocab_size"), root.Size("hidden_size"), root.Size("num_hidden_layers"), root.Size("num_attention_heads"), root.Size("intermediate_size"), root.Size("max_position_embeddings"),
            root.NormEpsilon(1e-12), root.Size("type_vocab_size"), first);
        return config switch
        {
            _ when config.Width % config.Heads != 0 => throw root.Error($"the width {config.Width} is no multiple of the {config.Heads} heads"),
            _ when config.Positions < first + 3 => throw root.Error($"{config.Positions} positions leave no room for a text"),
            _ => config,
        };
    }
}

/// <summary>The layers of an encoder.</summary>
internal sealed class BertLayers : Module
{
    private readonly ModuleList<BertLayer> layer;

    public BertLayers(WeightSource source, BertConfig config) : base(nameof(BertLayers))
    {
        layer = new ModuleList<BertLayer>([.. Enumerable.Range(0, config.Layers).Select(i => new BertLayer(source.At(nameof(layer)).At(i), config))]);
        RegisterComponents();
    }

    public ModuleList<BertLayer> Layers => layer;
}
