using System.Text.RegularExpressions;

namespace Corl.Models;

/// <summary>
/// The key table between the two checkpoint layouts, as data: each row is a pair of patterns in which <c>{n}</c> stands for a number
/// and <c>{*}</c> for the rest of a key. Rows are tried in order, so the special ones stand first.
/// </summary>
internal static partial class JanusKeys
{
    private const string Tower = "vision_model.vision_tower.", NativeTower = "model.vision_model.";
    private const string Vq = "gen_vision_model.", NativeVq = "model.vqmodel.";

    // Original, native.
    private static readonly (string Original, string Native)[] Table =
    [
        ("language_model.model.{*}", "model.language_model.{*}"),
        ("language_model.lm_head.weight", "lm_head.weight"),
        (Tower + "patch_embed.proj.{*}", NativeTower + "embeddings.patch_embedding.{*}"),
        (Tower + "pos_embed", NativeTower + "embeddings.position_embedding.weight"),
        (Tower + "blocks.{n}.attn.proj.{*}", NativeTower + "encoder.layers.{n}.self_attn.projection_layer.{*}"),
        (Tower + "blocks.{n}.norm1.{*}", NativeTower + "encoder.layers.{n}.layer_norm1.{*}"),
        (Tower + "blocks.{n}.norm2.{*}", NativeTower + "encoder.layers.{n}.layer_norm2.{*}"),
        (Tower + "blocks.{n}.mlp.{*}", NativeTower + "encoder.layers.{n}.mlp.{*}"),
        (Tower + "norm.{*}", NativeTower + "post_layernorm.{*}"),
        (Vq + "encoder.conv_blocks.{n}.res.{n}.{*}", NativeVq + "encoder.down.{n}.block.{n}.{*}"),
        (Vq + "encoder.conv_blocks.{n}.{*}", NativeVq + "encoder.down.{n}.{*}"),
        (Vq + "decoder.conv_blocks.{n}.res.{n}.{*}", NativeVq + "decoder.up.{n}.block.{n}.{*}"),
        (Vq + "decoder.conv_blocks.{n}.{*}", NativeVq + "decoder.up.{n}.{*}"),
        (Vq + "encoder.mid.0.{*}", NativeVq + "encoder.mid.block_1.{*}"),
        (Vq + "encoder.mid.1.{*}", NativeVq + "encoder.mid.attn_1.{*}"),
        (Vq + "encoder.mid.2.{*}", NativeVq + "encoder.mid.block_2.{*}"),
        (Vq + "decoder.mid.0.{*}", NativeVq + "decoder.mid.block_1.{*}"),
        (Vq + "decoder.mid.1.{*}", NativeVq + "decoder.mid.attn_1.{*}"),
        (Vq + "decoder.mid.2.{*}", NativeVq + "decoder.mid.block_2.{*}"),
        (Vq + "{*}", NativeVq + "{*}"),
        ("aligner.layers.0.{*}", "model.aligner.fc1.{*}"),
        ("gen_aligner.layers.0.{*}", "model.generation_aligner.fc1.{*}"),
        ("gen_embed.weight", "model.generation_embeddings.weight"),
        ("gen_head.output_mlp_projector.{*}", "model.generation_head.proj_out.{*}"),
        ("gen_head.vision_head.{*}", "model.generation_head.vision_head.{*}"),
    ];

    private static readonly string[] Qkv = ["q", "k", "v"];

    private static readonly (Regex Original, string NativeForm)[] Rows = [.. Table.Select(row => (Pattern(row.Original), row.Native))];

    /// <summary>Keys of files that no module reads: a buffer of the original VQ class, rotary tables of old saves.</summary>
    public static bool IsIgnored(string key) => key == Vq + "quantize.codebook_used" || key.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    /// <summary>Keys that only the original layout stores: the tower's unused pooling head.</summary>
    public static bool IsPool(string key) => key.StartsWith(Tower + "attn_pool.", StringComparison.Ordinal);

    /// <summary>
    /// Where the native layout keeps an original key: one name; three for a fused qkv, to be cut in equal rows; none for what it drops.
    /// </summary>
    /// <exception cref="ArgumentException">The key is not of the original layout.</exception>
    public static string[] ToNative(string original)
    {
        if (IsPool(original) || IsIgnored(original))
        {
            return [];
        }

        if (FusedQkv().Match(original) is { Success: true } fused)
        {
            return [.. Qkv.Select(part => $"{NativeTower}encoder.layers.{fused.Groups[1]}.self_attn.{part}_proj.{fused.Groups[2]}")];
        }

        if (DeepLayer().Match(original) is { Success: true } deep && int.Parse(deep.Groups[2].ValueSpan) is > 0 and var place && place % 2 == 0)
        {
            return [$"model.{(deep.Groups[1].Value == "aligner" ? "aligner" : "generation_aligner")}.hidden_layers.{(place / 2) - 1}.{deep.Groups[3]}"];
        }

        foreach (var (pattern, form) in Rows)
        {
            if (pattern.Match(original) is { Success: true } match)
            {
                return [Fill(form, match)];
            }
        }

        throw new ArgumentException($"{original} is no key of the original Janus-Pro layout", nameof(original));
    }

    private static Regex Pattern(string form) => new("^" + Regex.Escape(form).Replace(@"\{n}", "([0-9]+)", StringComparison.Ordinal).Replace(@"\{\*}", "(.+)", StringComparison.Ordinal) + "$", RegexOptions.CultureInvariant);

    private static string Fill(string form, Match match)
    {
        var group = 0;
        return Hole().Replace(form, _ => match.Groups[++group].Value);
    }

    [GeneratedRegex(@"\{n\}|\{\*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^vision_model\.vision_tower\.blocks\.([0-9]+)\.attn\.qkv\.(weight|bias)$")]
    private static partial Regex FusedQkv();

    [GeneratedRegex(@"^(aligner|gen_aligner)\.layers\.([0-9]{1,4})\.(weight|bias)$")]
    private static partial Regex DeepLayer();
}
