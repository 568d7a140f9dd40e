using Corl.Tokenizers;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// CLIP (Radford et al. 2021): images and texts as vectors of one space, whose cosine says how well they fit. Reads Hugging Face's
/// CLIPModel and OpenAI's and OpenCLIP's layouts, from ViT-B/32 to ViT-H-14. N images or texts, P width of the features.
/// </summary>
public sealed class ClipModel : Module
{
    private const int ImageTokensAtOnce = 1 << 14; // ours: 64 images of ViT-H-14, about 1 GB of activations
    private const int TextsAtOnce = 256;

    private readonly ClipText text_model;
    private readonly ClipVision vision_model;
    private readonly Dense visual_projection, text_projection;
    private readonly Parameter logit_scale;

    internal ClipModel(ClipConfig config, ClipTokenizer tokenizer, ImageInput input, WeightSource weights) : base(nameof(ClipModel))
    {
        (Config, Tokenizer, Input) = (config, tokenizer, input);
        text_model = new ClipText(weights.At(nameof(text_model)), config);
        vision_model = new ClipVision(weights.At(nameof(vision_model)), config);
        visual_projection = new Dense(weights.At(nameof(visual_projection)), config.Vision.Width, config.Projection, hasBias: false);
        text_projection = new Dense(weights.At(nameof(text_projection)), config.Text.Width, config.Projection, hasBias: false);
        logit_scale = weights.Get(nameof(logit_scale));
        RegisterComponents();
    }

    internal ClipConfig Config { get; }

    internal ClipTokenizer Tokenizer { get; }

    internal ImageInput Input { get; }

    internal ClipVision Vision => vision_model;

    internal ClipText Text => text_model;

    /// <summary>What cosines are multiplied with before a softmax; 100 in the released models.</summary>
    internal float LogitScale => (float)Math.Exp(logit_scale.item<float>());

    /// <summary>Where the model computes.</summary>
    public Device Device => logit_scale.device;

    /// <summary>
    /// Reads a model: a directory with config.json or open_clip_config.json, the weights, and the tokenizer's tokenizer.json, or vocab.json
    /// and merges.txt. What was trained is decided by the files; every parameter is frozen.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <exception cref="UserException">A file is missing or does not fit; names the file and the tensor or key.</exception>
    public static ClipModel Load(string directory, Device? device = null) => Load(directory, directory, device);

    internal static ClipModel Load(string directory, string tokenizerDirectory, Device? device = null)
    {
        var (config, input) = ClipConfig.Load(directory);
        var tokenizer = ClipTokenizer.Load(tokenizerDirectory);
        if (tokenizer.VocabularySize > config.Vocabulary)
        {
            throw new UserException($"{directory}: the model knows {config.Vocabulary} tokens, but the tokenizer has {tokenizer.VocabularySize}.");
        }

        using var weights = new RenamedWeights(WeightsOf(directory), ClipKeys.Key);
        var model = new ClipModel(config, tokenizer, input, ClipKeys.Source(weights, device ?? CPU));
        weights.RefuseLeftovers();
        return model;
    }

    /// <summary>Features of images.</summary>
    /// <param name="pixels">[N, 3, H, W] in [−1, 1], any size; values beyond are clamped. The middle square is looked at.</param>
    /// <returns>[N, P], not normalised.</returns>
    public Tensor EncodeImages(Tensor pixels)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = Math.Max(1, ImageTokensAtOnce / Config.ImageTokens);
        return cat([.. pixels.split(rows).Select(part => ImageFeatures(Input.FromPixels(part.to(Device))))]).MoveToOuterDisposeScope();
    }

    /// <summary>Features of texts; of a text longer than the model's context the beginning.</summary>
    /// <param name="texts">N texts.</param>
    /// <returns>[N, P], not normalised.</returns>
    public Tensor EncodeTexts(IReadOnlyList<string> texts)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return cat([.. texts.Chunk(TextsAtOnce).Select(part => TextFeatures(Ids(part)))]).MoveToOuterDisposeScope();
    }

    /// <summary>The cosine of each image and its text.</summary>
    /// <param name="images">[N, P].</param>
    /// <param name="texts">[N, P].</param>
    /// <returns>[N] in [−1, 1].</returns>
    public static Tensor Cosine(Tensor images, Tensor texts) => functional.cosine_similarity(images, texts, dim: 1);

    /// <summary>Features of images that are prepared already, [N, 3, Size, Size] → [N, P].</summary>
    internal Tensor ImageFeatures(Tensor normalised)
    {
        using var scope = NewDisposeScope();
        return visual_projection.call(vision_model.Forward(normalised)).MoveToOuterDisposeScope();
    }

    /// <summary>Features of token rows, int64 [N, S] → [N, P].</summary>
    internal Tensor TextFeatures(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return text_projection.call(text_model.Forward(ids)).MoveToOuterDisposeScope();
    }

    // [N, S], the rows filled with the end token, as Hugging Face does.
    private Tensor Ids(string[] texts)
    {
        int[][] rows = [.. texts.Select(text => Tokenizer.Encode(text, Config.Context))];
        var longest = rows.Max(row => row.Length);
        long[] ids = [.. rows.SelectMany(row => row.Concat(Enumerable.Repeat(Tokenizer.End, longest - row.Length)).Select(id => (long)id))];
        return tensor(ids, [rows.Length, longest], device: Device);
    }

    // A folder of the hub may hold the same weights in several layouts; the one that belongs to its configuration is read.
    private static string WeightsOf(string directory)
    {
        string[] names = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];
        return names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists) is { } file && File.Exists(Path.Combine(directory, "open_clip_config.json"))
            ? file
            : directory;
    }
}
