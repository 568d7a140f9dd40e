using Corl.Models;

namespace Corl.Training;

/// <summary>A training run as far as its memory and time depend on it: sizes, no weights.</summary>
internal sealed record Workload
{
    /// <summary>All sizes of the model.</summary>
    public required JanusConfig Model { get; init; }

    /// <summary>Bytes of a weight and of an activation: 4 on a CPU, 2 in half precision.</summary>
    public required int ElementBytes { get; init; }

    /// <summary>Whether a CPU computes: its attention keeps all probabilities for the backward pass.</summary>
    public required bool OnCpu { get; init; }

    /// <summary>Numbers in the model, by the first part of their keys.</summary>
    public required TrainedCounts Counts { get; init; }

    /// <summary>G; 1 where nothing is sampled.</summary>
    public required int GroupSize { get; init; }

    /// <summary>B.</summary>
    public required int Batch { get; init; }

    /// <summary>Prompts of a micro-batch.</summary>
    public required int PromptsAtOnce { get; init; }

    /// <summary>Whether steps train images, and answers; with <see cref="Together"/> in the same step.</summary>
    public required bool Images { get; init; }

    public required bool Answers { get; init; }

    public bool Together { get; init; }

    /// <summary>Whether completions are sampled (reinforcement learning) or given.</summary>
    public bool Samples { get; init; } = true;

    /// <summary>Whether images are sampled with guidance: two rows for each.</summary>
    public bool Guided { get; init; } = true;

    /// <summary>Whether a reference policy scores completions.</summary>
    public bool Reference { get; init; }

    /// <summary>Tokens of an image's prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of a question with its image.</summary>
    public required int QuestionTokens { get; init; }

    /// <summary>Tokens of an answer, at most.</summary>
    public required int AnswerTokens { get; init; }

    public bool Recompute { get; init; }

    public bool Offload { get; init; }

    /// <summary>Bytes of the frozen networks behind the rewards.</summary>
    public double JudgeBytes { get; init; }
}

/// <summary>How many numbers a model has and how many are trained.</summary>
/// <param name="All">All of the model.</param>
/// <param name="Trained">Those with a gradient, an adapter's included.</param>
/// <param name="Copied">Those of the base that a reference policy needs a copy of.</param>
/// <param name="Largest">Of the largest trained tensor.</param>
/// <param name="IsAdapter">Whether an adapter is trained; its numbers are float32.</param>
/// <param name="TrainsHead">Whether the text head is trained.</param>
/// <param name="TrainsEmbedding">Whether the embedding is trained.</param>
/// <param name="Layers">For each decoder layer, what needs the inputs of its matrix products for a gradient.</param>
internal sealed record TrainedCounts(double All, double Trained, double Copied, double Largest, bool IsAdapter, bool TrainsHead, bool TrainsEmbedding, IReadOnlyList<LayerGradients> Layers)
{
    private static readonly string[] Qkv = ["q_proj", "k_proj", "v_proj"], GateUp = ["gate_proj", "up_proj"];

    /// <summary>Counts for a model that is trained in parts, or through an adapter.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="isTrained">Whether a weight, by its key, belongs to the trained parts.</param>
    /// <param name="lora">The adapter's settings; null without.</param>
    /// <param name="names">The layout whose names the settings mean.</param>
    public static TrainedCounts Of(JanusConfig config, Func<string, bool> isTrained, LoraConfig? lora, LoraNames names)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var model = new JanusPro(config, WeightSource.Empty(TorchSharp.torch.META));
        var sizes = model.named_parameters().ToDictionary(p => p.name, p => (double)p.parameter.numel());
        var all = sizes.Values.Sum();
        if (lora is null)
        {
            var trained = sizes.Where(p => isTrained(p.Key)).ToDictionary();
            return Make(trained.Keys.ToHashSet(), all, trained.Values.Sum(), trained.Values.Sum(), trained.Values.DefaultIfEmpty().Max(), isAdapter: false, config);
        }

        var (places, _) = LoraAdapter.Choose(model, names, lora, isTrained);
        var targets = new LoraTargets(lora, "lora");
        var saved = names.Saved(model, targets).Select(s => s.Key).ToHashSet();
        double Size(LoraPlace place)
        {
            var (a, b, magnitude) = place.Shapes(targets.Rank(place.Name));
            return (a[0] * a[1]) + (b[0] * b[1]) + (lora.Dora ? magnitude[0] : 0);
        }

        var kept = saved.Sum(key => sizes[key]);
        return Make([.. places.Select(p => p.Key), .. saved], all, places.Sum(Size) + kept, kept, places.Max(Size), isAdapter: true, config);
    }

    private static TrainedCounts Make(HashSet<string> keys, double all, double trained, double copied, double largest, bool isAdapter, JanusConfig config)
    {
        bool Has(int layer, string part, params string[] modules) => modules.Any(m => keys.Contains($"language_model.model.layers.{layer}.{part}{m}.weight"));
        return new TrainedCounts(all, trained, copied, largest, isAdapter, keys.Contains("language_model.lm_head.weight"), keys.Contains("language_model.model.embed_tokens.weight"), [
            .. Enumerable.Range(0, config.Language.Layers).Select(i => new LayerGradients(
                Has(i, "", "input_layernorm"), Has(i, "self_attn.", Qkv), Has(i, "self_attn.", "o_proj"), Has(i, "", "post_attention_layernorm"), Has(i, "mlp.", GateUp), Has(i, "mlp.", "down_proj"))),
        ]);
    }
}

/// <summary>Which inputs a layer keeps because a weight that they are multiplied with is trained.</summary>
internal readonly record struct LayerGradients(bool Norm1, bool Qkv, bool Output, bool Norm2, bool GateUp, bool Down);
