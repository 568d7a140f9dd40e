using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corl.Models;

/// <summary>The two layouts in which Janus-Pro checkpoints are published.</summary>
public enum JanusLayout
{
    /// <summary>transformers' own classes (<c>deepseek-community/…</c>), safetensors.</summary>
    Native,

    /// <summary>DeepSeek's code (<c>deepseek-ai/…</c>), one nested config object per part.</summary>
    Original,
}

/// <summary>Reads and writes config.json of both layouts, in the spellings of transformers 4 and 5.</summary>
internal static class JanusConfigFile
{
    private const int MaxBytes = 1 << 20, MaxDepth = 32;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    // Registry entries of the original code: tower sizes by name (timm's SigLIP variants), VQ sizes by class.
    private static readonly Dictionary<string, (int Width, int Layers, int Heads, int Patch, double MlpRatio)> Towers = new()
    {
        ["siglip_large_patch16_384"] = (1024, 24, 16, 16, 4),
        ["siglip_so400m_patch14_384"] = (1152, 27, 16, 14, 3.7362),
        ["siglip_so400m_patch14_224"] = (1152, 27, 16, 14, 3.7362),
    };

    /// <summary>Reads config.json of a checkpoint directory.</summary>
    /// <exception cref="UserException">Names the file and the field.</exception>
    public static (JanusConfig Config, JanusLayout Layout) Read(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: not found; expected a Janus-Pro checkpoint directory with config.json, weights and tokenizer.json");
        }

        var root = Fields.Parse(path, MaxBytes, MaxDepth);
        var type = root.Text("model_type", "");
        return type switch
        {
            "janus" => (Native(root).Checked(path), JanusLayout.Native),
            "multi_modality" => (Original(root).Checked(path), JanusLayout.Original),
            _ => throw new UserException($"{path}: model_type is \"{type}\", expected \"janus\" or \"multi_modality\" (a Janus-Pro checkpoint)"),
        };
    }

    private static JanusConfig Native(Fields root)
    {
        var (vision, vq) = (root.Object("vision_config"), root.Object("vq_config"));
        if (vision.Flag("use_qk_norm", false))
        {
            throw vision.Wrong("use_qk_norm", "true is not a Janus-Pro tower");
        }

        var width = vision.Int("hidden_size");
        return new JanusConfig
        {
            Language = Language(root.Object("text_config")),
            Vision = new VisionConfig(width, vision.Int("num_hidden_layers"), vision.Int("num_attention_heads"), vision.Int("patch_size"), vision.Int("image_size"), (int)(width * vision.Number("mlp_ratio", 4)), vision.Number("layer_norm_eps", 1e-6)),
            Vq = new VqConfig(vq.Int("base_channels"), vq.Ints("channel_multiplier"), vq.Int("num_res_blocks"), vq.Int("latent_channels"), vq.Int("num_embeddings"), vq.Int("embed_dim")),
            AlignerDepth = vision.Int("depth", 2),
            CodeAlignerDepth = vq.Int("num_hidden_layers", 2),
            ImageHeadWidth = vq.Int("image_token_embed_dim"),
            TiedHead = root.Flag("tie_word_embeddings", true),
        };
    }

    private static JanusConfig Original(Fields root)
    {
        Fields Part(string name) => root.Object(name).Object("params");
        var (vision, vq, head) = (Part("vision_config"), Part("gen_vision_config"), Part("gen_head_config"));
        var name = vision.Text("model_name", "");
        var known = Towers.TryGetValue(name, out var tower);
        int Size(string field, int standard) => known ? vision.Int(field, standard) : vision.Int(field);
        var (width, layers, select) = (Size("width", tower.Width), Size("layers", tower.Layers), vision.Int("select_layer", -1, low: -1000));
        return new JanusConfig
        {
            Language = Language(root.Object("language_config")),
            Vision = new VisionConfig(width, Math.Min(layers, select > 0 ? select : layers + select + 1), Size("heads", tower.Heads), Size("patch_size", tower.Patch), vision.Int("image_size"), (int)(width * vision.Number("mlp_ratio", known ? tower.MlpRatio : 4))),
            Vq = new VqConfig(vq.Int("ch", 128), vq.Ints("ch_mult", [1, 1, 2, 2, 4]), vq.Int("num_res_blocks", 2), vq.Int("z_channels", 256), vq.Int("image_token_size"), vq.Int("n_embed")),
            AlignerDepth = Part("aligner_config").Int("depth", 1),
            CodeAlignerDepth = Part("gen_aligner_config").Int("depth", 1),
            ImageHeadWidth = head.Int("image_token_embed"),
            TiedHead = root.Object("language_config").Flag("tie_word_embeddings", false),
        };
    }

    private static LlamaConfig Language(Fields text)
    {
        var (width, heads) = (text.Int("hidden_size"), text.Int("num_attention_heads"));
        var rope = text.Optional("rope_parameters");
        if (text.Optional("rope_scaling") is not null || (rope?.Text("rope_type", "default") ?? "default") != "default")
        {
            throw text.Wrong("rope_scaling", "scaled rotary positions are not part of Janus-Pro");
        }

        return new LlamaConfig(
            text.Int("vocab_size"), width, text.Int("intermediate_size"), text.Int("num_hidden_layers"), heads, text.Int("num_key_value_heads", heads), text.Int("head_dim", width / heads),
            text.Int("max_position_embeddings", 16384), rope?.Number("rope_theta", 10000) ?? text.Number("rope_theta", 10000), text.Number("rms_norm_eps", 1e-6));
    }

    /// <summary>The text of config.json in a layout.</summary>
    public static string Write(JanusConfig config, JanusLayout layout, string dtype, SpecialIds? ids) =>
        JsonSerializer.Serialize(layout == JanusLayout.Native ? NativeJson(config, dtype, ids) : OriginalJson(config, dtype), Indented) + "\n";

    private static object NativeJson(JanusConfig c, string dtype, SpecialIds? ids)
    {
        var (l, v, q) = (c.Language, c.Vision, c.Vq);
        return new
        {
            architectures = new[] { "JanusForConditionalGeneration" },
            model_type = "janus",
            dtype,
            image_token_id = ids?.Placeholder,
            tie_word_embeddings = false,
            text_config = new
            {
                model_type = "llama",
                vocab_size = l.VocabularySize,
                hidden_size = l.HiddenSize,
                intermediate_size = l.IntermediateSize,
                num_hidden_layers = l.Layers,
                num_attention_heads = l.Heads,
                num_key_value_heads = l.KvHeads,
                head_dim = l.HeadWidth,
                max_position_embeddings = l.MaxPositions,
                rms_norm_eps = l.RmsEpsilon,
                rope_theta = l.RopeTheta,
                hidden_act = "silu",
                attention_bias = false,
                tie_word_embeddings = false,
                bos_token_id = ids?.Bos,
                eos_token_id = ids?.Eos,
                pad_token_id = ids?.Pad,
            },
            vision_config = new
            {
                model_type = "janus_vision_model",
                hidden_size = v.Width,
                num_hidden_layers = v.Layers,
                num_attention_heads = v.Heads,
                patch_size = v.PatchSize,
                image_size = v.ImageSize,
                layer_norm_eps = v.NormEpsilon,
                mlp_ratio = MlpRatio(v),
                hidden_act = "gelu",
                attention_bias = true,
                use_qk_norm = false,
                projection_dim = l.HiddenSize,
                depth = c.AlignerDepth,
                num_image_tokens = v.Tokens,
            },
            vq_config = new
            {
                model_type = "janus_vqgan",
                embed_dim = q.CodeWidth,
                num_embeddings = q.Codes,
                latent_channels = q.LatentChannels,
                base_channels = q.Channels,
                channel_multiplier = q.Multipliers,
                num_res_blocks = q.ResidualBlocks,
                in_channels = 3,
                out_channels = 3,
                double_latent = false,
                num_patches = v.ImageSize / q.Reduction,
                projection_dim = l.HiddenSize,
                image_token_embed_dim = c.ImageHeadWidth,
                num_hidden_layers = c.CodeAlignerDepth,
                hidden_act = "gelu",
            },
        };
    }

    private static object OriginalJson(JanusConfig c, string dtype)
    {
        var (l, v, q) = (c.Language, c.Vision, c.Vq);
        var name = Towers.FirstOrDefault(t => (t.Value.Width, t.Value.Layers, t.Value.Heads, t.Value.Patch) == (v.Width, v.Layers, v.Heads, v.PatchSize) && t.Key.EndsWith($"_{v.ImageSize}", StringComparison.Ordinal)).Key;
        return new
        {
            architectures = new[] { "MultiModalityCausalLM" },
            model_type = "multi_modality",
            torch_dtype = dtype,
            language_config = new
            {
                model_type = "llama",
                vocab_size = l.VocabularySize,
                hidden_size = l.HiddenSize,
                intermediate_size = l.IntermediateSize,
                num_hidden_layers = l.Layers,
                num_attention_heads = l.Heads,
                num_key_value_heads = l.KvHeads,
                head_dim = l.HeadWidth,
                max_position_embeddings = l.MaxPositions,
                rms_norm_eps = l.RmsEpsilon,
                rope_theta = l.RopeTheta,
                torch_dtype = dtype,
            },
            vision_config = Part("vision", "CLIPVisionTower", new
            {
                image_size = v.ImageSize,
                model_name = name ?? $"siglip_patch{v.PatchSize}_{v.ImageSize}",
                select_feature = "same",
                select_layer = -1,
                width = v.Width,
                layers = v.Layers,
                heads = v.Heads,
                patch_size = v.PatchSize,
                mlp_ratio = MlpRatio(v),
            }),
            aligner_config = Part("aligner", "MlpProjector", new { depth = c.AlignerDepth, input_dim = v.Width, n_embed = l.HiddenSize, projector_type = "mlp_gelu" }),
            gen_vision_config = Part("gen_vision", $"VQ-{q.Reduction}", new
            {
                image_token_size = q.Codes,
                n_embed = q.CodeWidth,
                ch = q.Channels,
                ch_mult = q.Multipliers,
                num_res_blocks = q.ResidualBlocks,
                z_channels = q.LatentChannels,
            }),
            gen_aligner_config = Part("gen_aligner", "MlpProjector", new { depth = c.CodeAlignerDepth, input_dim = q.CodeWidth, n_embed = l.HiddenSize, projector_type = "mlp_gelu" }),
            gen_head_config = Part("gen_head", "vision_head", new { image_token_embed = c.ImageHeadWidth, image_token_size = q.Codes, n_embed = l.HiddenSize }),
        };
    }

    private static object Part(string type, string cls, object values) => new { model_type = type, cls, @params = values };

    // The ratio whose product, truncated, is the width again.
    private static double MlpRatio(VisionConfig v) => v.MlpWidth % v.Width == 0 ? v.MlpWidth / v.Width : (v.MlpWidth + 0.5) / v.Width;
}
