using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corl.Models;

/// <summary>Sizes and special ids of a BLIP captioner.</summary>
public sealed record BlipConfig
{
    /// <summary>H and W in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Edge of a patch in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Width of the image tokens.</summary>
    public required int VisionWidth { get; init; }

    /// <summary>Layers of the image tower.</summary>
    public required int VisionLayers { get; init; }

    /// <summary>Attention heads of the image tower.</summary>
    public required int VisionHeads { get; init; }

    /// <summary>Inner width of its feed-forward blocks.</summary>
    public required int VisionMlpWidth { get; init; }

    /// <summary>ε of its norms: 1e-5 in Hugging Face's configurations, 1e-6 in the original code; up to 1e-3 on the logits.</summary>
    public double VisionNormEpsilon { get; init; } = 1e-5;

    /// <summary>V: vocabulary of the text decoder, the two ids after the tokenizer's included.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>D: width of the text decoder.</summary>
    public required int TextWidth { get; init; }

    /// <summary>Layers of the text decoder.</summary>
    public required int TextLayers { get; init; }

    /// <summary>Attention heads of the text decoder.</summary>
    public required int TextHeads { get; init; }

    /// <summary>Inner width of its feed-forward blocks.</summary>
    public required int TextMlpWidth { get; init; }

    /// <summary>Most tokens of a caption.</summary>
    public required int Positions { get; init; }

    /// <summary>ε of its norms.</summary>
    public double TextNormEpsilon { get; init; } = 1e-12;

    /// <summary>The id that every caption starts with ([DEC]).</summary>
    public required int Start { get; init; }

    /// <summary>The id that ends a caption ([SEP]); BLIP never stops at its configuration's "eos_token_id".</summary>
    public required int Stop { get; init; }

    /// <summary>The id that fills rows after their end.</summary>
    public required int Pad { get; init; }

    /// <summary>Image tokens T: the class token and one per patch.</summary>
    public int ImageTokens => 1 + (ImageSize / PatchSize * (ImageSize / PatchSize));

    internal TransformerConfig Vision => new(VisionWidth, VisionLayers, VisionHeads, VisionMlpWidth, VisionNormEpsilon);

    internal BertConfig Text => new(Vocabulary, TextWidth, TextLayers, TextHeads, TextMlpWidth, Positions, TextNormEpsilon);

    /// <summary>Reads a Hugging Face config.json; what it leaves out has the values of blip-image-captioning-base.</summary>
    /// <exception cref="UserException">No BLIP configuration; names the file and the key.</exception>
    public static BlipConfig Load(string file) => Read(NetworkConfig.Open(file));

    internal static BlipConfig Read(JsonAt root)
    {
        if (root["model_type"].Text() != "blip")
        {
            throw root["model_type"].Error($"expected \"blip\", found \"{root["model_type"].Text()}\"");
        }

        var (vision, text) = (root["vision_config"], root["text_config"]);
        var config = new BlipConfig
        {
            ImageSize = vision.Size("image_size", 384),
            PatchSize = vision.Size("patch_size", 16),
            VisionWidth = vision.Size("hidden_size", 768),
            VisionLayers = vision.Size("num_hidden_layers", 12),
            VisionHeads = vision.Size("num_attention_heads", 12),
            VisionMlpWidth = vision.Size("intermediate_size", 3072),
            VisionNormEpsilon = vision.NormEpsilon(1e-5),
            Vocabulary = text.Size("vocab_size", 30524),
            TextWidth = text.Size("hidden_size", 768),
            TextLayers = text.Size("num_hidden_layers", 12),
            TextHeads = text.Size("num_attention_heads", 12),
            TextMlpWidth = text.Size("intermediate_size", 3072),
            Positions = text.Size("max_position_embeddings", 512),
            TextNormEpsilon = text.NormEpsilon(1e-12),
            Start = text.Size("bos_token_id", 30522, low: 0),
            Stop = text.Size("sep_token_id", 102, low: 0),
            Pad = text.Size("pad_token_id", 0, low: 0),
        };
        // The hub's first configurations said 8 heads for the base decoder, which was trained with 12 (transformers, issue 22625).
        return (config is { TextHeads: 8, TextWidth: 768 } ? config with { TextHeads = 12 } : config).Checked(root);
    }

    /// <summary>Reads the configuration of the first captioner of the Shapes world, which had a format of its own.</summary>
    internal static BlipConfig ReadShapes(JsonAt root, IReadOnlyList<string> vocabulary)
    {
        var width = root.Size("hidden");
        return new BlipConfig
        {
            ImageSize = root.Size("image_size"),
            PatchSize = root.Size("patch"),
            VisionWidth = width,
            VisionLayers = root.Size("image_layers"),
            VisionHeads = root.Size("heads"),
            VisionMlpWidth = 4 * width,
            Vocabulary = vocabulary.Count,
            TextWidth = width,
            TextLayers = root.Size("text_layers"),
            TextHeads = root.Size("heads"),
            TextMlpWidth = 4 * width,
            Positions = root.Size("max_length"),
            Start = IdOf("start"),
            Stop = IdOf("end"),
            Pad = IdOf("pad"),
        }.Checked(root);

        int IdOf(string key)
        {
            var id = vocabulary.ToList().IndexOf(root[key].Text());
            return id >= 0 ? id : throw root[key].Error("the token is not in the vocabulary");
        }
    }

    /// <summary>The same as a Hugging Face config.json.</summary>
    internal string ToJson() => new JsonObject
    {
        ["architectures"] = new JsonArray("BlipForConditionalGeneration"),
        ["model_type"] = "blip",
        ["vision_config"] = new JsonObject
        {
            ["model_type"] = "blip_vision_model",
            ["hidden_act"] = "gelu",
            ["hidden_size"] = VisionWidth,
            ["image_size"] = ImageSize,
            ["intermediate_size"] = VisionMlpWidth,
            ["layer_norm_eps"] = VisionNormEpsilon,
            ["num_attention_heads"] = VisionHeads,
            ["num_hidden_layers"] = VisionLayers,
            ["patch_size"] = PatchSize,
        },
        ["text_config"] = new JsonObject
        {
            ["model_type"] = "blip_text_model",
            ["hidden_act"] = "gelu",
            ["bos_token_id"] = Start,
            ["encoder_hidden_size"] = VisionWidth,
            ["hidden_size"] = TextWidth,
            ["intermediate_size"] = TextMlpWidth,
            ["is_decoder"] = true,
            ["layer_norm_eps"] = TextNormEpsilon,
            ["max_position_embeddings"] = Positions,
            ["num_attention_heads"] = TextHeads,
            ["num_hidden_layers"] = TextLayers,
            ["pad_token_id"] = Pad,
            ["sep_token_id"] = Stop,
            ["vocab_size"] = Vocabulary,
        },
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";

    // Refuses sizes that no model can have.
    private BlipConfig Checked(JsonAt where) => this switch
    {
        _ when ImageSize % PatchSize != 0 => throw where.Error($"the image size {ImageSize} is no multiple of the patch size {PatchSize}"),
        _ when VisionWidth % VisionHeads != 0 => throw where.Error($"the image tower's width {VisionWidth} is no multiple of its {VisionHeads} heads"),
        _ when TextWidth % TextHeads != 0 => throw where.Error($"the text decoder's width {TextWidth} is no multiple of its {TextHeads} heads"),
        _ when Math.Max(Start, Math.Max(Stop, Pad)) >= Vocabulary => throw where.Error($"the special ids {Start}, {Stop}, {Pad} must be below the vocabulary's {Vocabulary}"),
        _ => this,
    };
}
