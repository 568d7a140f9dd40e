using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// The names under which BLIP's weights are stored: Hugging Face's (the keys of the module tree), the original code's, and those of the
/// first captioner of the Shapes world.
/// </summary>
internal static class BlipKeys
{
    private const string Words = "text_decoder.bert.embeddings.word_embeddings.weight", Bias = "text_decoder.cls.predictions.bias";

    private static readonly string[] Split = [".query.", ".key.", ".value."];

    // Applied in order to every name; where nothing matches, the name is Hugging Face's already.
    private static readonly (string From, string To)[] Original =
    [
        ("visual_encoder.cls_token", "vision_model.embeddings.class_embedding"),
        ("visual_encoder.pos_embed", "vision_model.embeddings.position_embedding"),
        ("visual_encoder.patch_embed.proj.", "vision_model.embeddings.patch_embedding."),
        ("visual_encoder.norm.", "vision_model.post_layernorm."),
        ("visual_encoder.blocks.", "vision_model.encoder.layers."),
        (".norm1.", ".layer_norm1."),
        (".norm2.", ".layer_norm2."),
        (".attn.proj.", ".self_attn.projection."),
        (".attn.", ".self_attn."),
        ("LayerNorm.gamma", "LayerNorm.weight"),
        ("LayerNorm.beta", "LayerNorm.bias"),
        // The output matrix is the word embeddings again; either copy may be absent.
        ("text_decoder.cls.predictions.decoder.weight", Words),
        ("text_decoder.cls.predictions.decoder.bias", Bias),
    ];

    private static readonly (string From, string To)[] Shapes =
    [
        ("patch.", "vision_model.embeddings.patch_embedding."),
        ("cls", "vision_model.embeddings.class_embedding"),
        ("post_layernorm.", "vision_model.post_layernorm."),
        ("position.", "text_decoder.bert.embeddings.position_embeddings."),
        ("pos", "vision_model.embeddings.position_embedding"),
        ("image_layers.", "vision_model.encoder.layers."),
        ("word.", "text_decoder.bert.embeddings.word_embeddings."),
        ("embed_norm.", "text_decoder.bert.embeddings.LayerNorm."),
        ("text_layers.", "text_decoder.bert.encoder.layer."),
        ("transform.", "text_decoder.cls.predictions.transform.dense."),
        ("transform_norm.", "text_decoder.cls.predictions.transform.LayerNorm."),
        ("bias", Bias),
    ];

    private static readonly (string From, string To)[] ShapesImageLayer = [(".fc1.", ".mlp.fc1."), (".fc2.", ".mlp.fc2."), (".dense.", ".projection.")];

    private static readonly (string From, string To)[] ShapesTextLayer =
    [
        ("attention.query.", "attention.self.query."),
        ("attention.key.", "attention.self.key."),
        ("attention.value.", "attention.self.value."),
        ("attention.dense.", "attention.output.dense."),
        (".intermediate.", ".intermediate.dense."),
        (".output.weight", ".output.dense.weight"),
        (".output.bias", ".output.dense.bias"),
        (".norm1.", ".attention.output.LayerNorm."),
        (".norm2.", ".crossattention.output.LayerNorm."),
        (".norm3.", ".output.LayerNorm."),
    ];

    /// <summary>The key of a tensor stored in Hugging Face's or the original layout; null for the constant position ids.</summary>
    public static string? Key(string name) => name.EndsWith(".position_ids", StringComparison.Ordinal) ? null : Replaced(name, Original);

    /// <summary>The key of a tensor of the first captioner of the Shapes world.</summary>
    public static string? ShapesKey(string name)
    {
        var (from, to) = Shapes.FirstOrDefault(rule => name.StartsWith(rule.From, StringComparison.Ordinal));
        return from switch
        {
            null => name,
            "image_layers." => Replaced(to + name[from.Length..], ShapesImageLayer),
            "text_layers." => Replaced(to + name[from.Length..], ShapesTextLayer),
            _ => to + name[from.Length..],
        };
    }

    /// <summary>The weights for the module tree; where q, k and v of the image tower are stored apart, they are joined.</summary>
    public static WeightSource Source(RenamedWeights weights, Device device) => WeightSource.From((key, _) =>
    {
        using var scope = NewDisposeScope();
        return weights.Read(key, ".qkv.", Split).to(device).MoveToOuterDisposeScope();
    });

    private static string Replaced(string name, (string From, string To)[] rules) =>
        rules.Aggregate(name, (text, rule) => text.Replace(rule.From, rule.To, StringComparison.Ordinal));
}
