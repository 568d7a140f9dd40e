using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>The names of CLIP's tensors in the layouts that checkpoints come in; the module tree has Hugging Face's but for q, k and v, which it joins.</summary>
internal static class ClipKeys
{
    private static readonly string[] Split = [".q_proj.", ".k_proj.", ".v_proj."]; // Hugging Face's thirds of qkv
    private static readonly string[] Turned = ["visual_projection.weight", "text_projection.weight"]; // stored as [D, P] by OpenAI and OpenCLIP

    // Beside the weights in older files: positions that are constants, and the sizes in OpenAI's archives.
    private static readonly string[] Constants = ["text_model.embeddings.position_ids", "vision_model.embeddings.position_ids", "attn_mask", "input_resolution", "context_length", "vocab_size"];

    // OpenAI's and OpenCLIP's names, from the front of the name on; where nothing matches, the name is Hugging Face's already.
    private static readonly (string From, string To)[] Fronts =
    [
        ("visual.transformer.resblocks.", "vision_model.encoder.layers."),
        ("visual.class_embedding", "vision_model.embeddings.class_embedding"),
        ("visual.conv1.", "vision_model.embeddings.patch_embedding."),
        ("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
        ("visual.ln_pre.", "vision_model.pre_layrnorm."),
        ("visual.ln_post.", "vision_model.post_layernorm."),
        ("visual.proj", "visual_projection.turned"),
        ("transformer.resblocks.", "text_model.encoder.layers."),
        ("token_embedding.", "text_model.embeddings.token_embedding."),
        ("positional_embedding", "text_model.embeddings.position_embedding.weight"),
        ("ln_final.", "text_model.final_layer_norm."),
    ];

    private static readonly (string From, string To)[] InLayer =
    [
        (".attn.in_proj_weight", ".self_attn.qkv.weight"),
        (".attn.in_proj_bias", ".self_attn.qkv.bias"),
        (".self_attn.out_proj.", ".self_attn.projection."),
        (".attn.out_proj.", ".self_attn.projection."),
        (".ln_1.", ".layer_norm1."),
        (".ln_2.", ".layer_norm2."),
        (".mlp.c_fc.", ".mlp.fc1."),
        (".mlp.c_proj.", ".mlp.fc2."),
    ];

    /// <summary>The key of a stored tensor; null for constants.</summary>
    public static string? Key(string name)
    {
        if (Constants.Contains(name))
        {
            return null;
        }

        if (name == "text_projection")
        {
            return "text_projection.turned"; // Hugging Face's has ".weight" and is not turned
        }

        var (from, to) = Fronts.FirstOrDefault(rule => name.StartsWith(rule.From, StringComparison.Ordinal));
        var key = from is null ? name : to + name[from.Length..];
        return InLayer.Aggregate(key, (text, rule) => text.Replace(rule.From, rule.To, StringComparison.Ordinal));
    }

    /// <summary>The weights for the module tree: split matrices are joined, turned ones turned back.</summary>
    public static WeightSource Source(RenamedWeights weights, Device device) => WeightSource.From((key, _) =>
    {
        using var scope = NewDisposeScope();
        return Find(weights, key).to(device).MoveToOuterDisposeScope();
    });

    private static Tensor Find(RenamedWeights weights, string key)
    {
        var turned = key.Replace(".weight", ".turned", StringComparison.Ordinal);
        return Turned.Contains(key) && weights.Has(turned) ? weights.Read(turned).t().contiguous() : weights.Read(key, ".qkv.", Split);
    }
}
