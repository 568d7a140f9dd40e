namespace Corl.Models;

/// <summary>Sizes of a CLIP model, from config.json (Hugging Face) or open_clip_config.json.</summary>
internal sealed record ClipConfig
{
    private const string OpenClipFile = "open_clip_config.json";
    private const int LegacyEnd = 2; // what the hub's files say for an end id that is 49407
    private const double Epsilon = 1e-5; // of the norms of every released CLIP
    private const int MlpRatio = 4; // OpenCLIP's

    public required TransformerConfig Vision { get; init; }

    public required TransformerConfig Text { get; init; }

    /// <summary>H and W in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Edge of a patch in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>V.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Most tokens of a text, 77.</summary>
    public required int Context { get; init; }

    /// <summary>P: width of the features that images and texts share.</summary>
    public required int Projection { get; init; }

    /// <summary>The id at whose first place a text's feature is read; null: at the highest id, OpenAI's rule.</summary>
    public int? End { get; init; }

    /// <summary>Image tokens T: the class token and one per patch.</summary>
    public int ImageTokens => 1 + (ImageSize / PatchSize * (ImageSize / PatchSize));

    /// <summary>Reads the configuration of a directory and how its images are prepared.</summary>
    /// <exception cref="UserException">No CLIP configuration; names the file and the key.</exception>
    public static (ClipConfig Config, ImageInput Input) Load(string directory)
    {
        var open = Path.Combine(directory, OpenClipFile);
        if (!File.Exists(open))
        {
            var config = ReadHuggingFace(NetworkConfig.Open(Path.Combine(directory, "config.json")));
            return (config, ImageInput.FromDirectory(directory, config.ImageSize, crop: true));
        }

        var root = NetworkConfig.Open(open);
        var opened = ReadOpenClip(root["model_cfg"]);
        return (opened, ImageInput.FromOpenClip(root.Find("preprocess_cfg"), opened.ImageSize));
    }

    internal static ClipConfig ReadHuggingFace(JsonAt root)
    {
        if (root["model_type"].Text() != "clip")
        {
            throw root["model_type"].Error($"expected \"clip\", found \"{root["model_type"].Text()}\"");
        }

        var (vision, text) = (root["vision_config"], root["text_config"]);
        var end = text.Size("eos_token_id", LegacyEnd, low: 0);
        return new ClipConfig
        {
            // What a file leaves out has the value of clip-vit-base-patch32.
            Vision = new(vision.Size("hidden_size", 768), vision.Size("num_hidden_layers", 12), vision.Size("num_attention_heads", 12), vision.Size("intermediate_size", 3072), vision.NormEpsilon(Epsilon), IsQuick(vision)),
            Text = new(text.Size("hidden_size", 512), text.Size("num_hidden_layers", 12), text.Size("num_attention_heads", 8), text.Size("intermediate_size", 2048), text.NormEpsilon(Epsilon), IsQuick(text)),
            ImageSize = vision.Size("image_size", 224),
            PatchSize = vision.Size("patch_size", 32),
            Vocabulary = text.Size("vocab_size", 49408),
            Context = text.Size("max_position_embeddings", 77, low: 2),
            Projection = root.Size("projection_dim", 512),
            End = end == LegacyEnd ? null : end,
        }.Checked(root);
    }

    internal static ClipConfig ReadOpenClip(JsonAt model)
    {
        var (vision, text) = (model["vision_cfg"], model["text_cfg"]);
        var isQuick = model.Find("quick_gelu")?.Flag() ?? false;
        var (width, textWidth) = (vision.Size("width", 768), text.Size("width", 512));
        var head = vision.Size("head_width", 64);
        return new ClipConfig
        {
            Vision = new(width, vision.Size("layers", 12), Math.Max(1, width / head), MlpOf(vision, width), Epsilon, isQuick),
            Text = new(textWidth, text.Size("layers", 12), text.Size("heads", 8), MlpOf(text, textWidth), Epsilon, isQuick),
            ImageSize = vision.Size("image_size", 224),
            PatchSize = vision.Size("patch_size", 16),
            Vocabulary = text.Size("vocab_size", 49408),
            Context = text.Size("context_length", 77, low: 2),
            Projection = model.Size("embed_dim"),
        }.Checked(model);

        static int MlpOf(JsonAt tower, int width)
        {
            var ratio = tower.Find("mlp_ratio")?.Number() ?? MlpRatio;
            return ratio is > 0 and <= 64 ? (int)(width * ratio) : throw tower["mlp_ratio"].Error("expected a number above 0 and at most 64");
        }
    }

    private static bool IsQuick(JsonAt tower) => (tower.Find("hidden_act")?.Text() ?? "quick_gelu") switch
    {
        "quick_gelu" => true,
        "gelu" => false,
        var other => throw tower["hidden_act"].Error($"expected \"quick_gelu\" or \"gelu\", found \"{other}\""),
    };

    // Refuses sizes that no model can have.
    private ClipConfig Checked(JsonAt where) => this switch
    {
        _ when ImageSize % PatchSize != 0 => throw where.Error($"the image size {ImageSize} is no multiple of the patch size {PatchSize}"),
        _ when Vision.Width % Vision.Heads != 0 => throw where.Error($"the image tower's width {Vision.Width} is no multiple of its {Vision.Heads} heads"),
        _ when Text.Width % Text.Heads != 0 => throw where.Error($"the text tower's width {Text.Width} is no multiple of its {Text.Heads} heads"),
        _ => this,
    };
}
