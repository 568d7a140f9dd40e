using System.Text.Json;
using Corl.Checkpoints;
using Corl.Imaging;
using Corl.Tokenizers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// BLIP's image captioner (Li et al. 2022; Hugging Face's BlipForConditionalGeneration): the text half of Eq. (3) compares the prompt
/// with what this model says about the generated image. Base, large and the tiny captioner of the Shapes world are this code with other
/// sizes. N images, T image tokens of width D', S words of width D, V vocabulary.
/// </summary>
public sealed class BlipCaptioner : Module
{
    private const int ImageTokensAtOnce = 1 << 15; // ours: 56 images of blip-base, about 1 GB of activations

    private readonly BlipVision vision_model;
    private readonly BlipTextDecoder text_decoder;

    /// <summary>A captioner; every parameter is frozen until a trainer thaws it.</summary>
    /// <param name="config">All sizes and special ids.</param>
    /// <param name="tokenizer">Words of the captions.</param>
    /// <param name="input">How images are brought to the model.</param>
    /// <param name="weights">Where the parameters come from, for example <see cref="InitialWeights.FanIn"/>.</param>
    public BlipCaptioner(BlipConfig config, WordPiece tokenizer, ImageInput input, WeightSource weights) : base(nameof(BlipCaptioner))
    {
        (Config, Tokenizer, Input) = (config, tokenizer, input);
        vision_model = new BlipVision(weights.At(nameof(vision_model)), config);
        text_decoder = new BlipTextDecoder(weights.At(nameof(text_decoder)), config);
        RegisterComponents();
    }

    /// <summary>All sizes and special ids.</summary>
    public BlipConfig Config { get; }

    /// <summary>Words of the captions.</summary>
    public WordPiece Tokenizer { get; }

    /// <summary>How images are brought to the model.</summary>
    public ImageInput Input { get; }

    /// <summary>
    /// Reads a captioner: a directory with config.json, vocab.txt and weights in Hugging Face's layout or under the names of the
    /// original code, as safetensors or .bin/.pth.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <exception cref="UserException">A file is missing or does not fit; names the file and the tensor or key.</exception>
    public static BlipCaptioner Load(string directory, Device? device = null) => Load(directory, directory, device);

    /// <summary>Reads a captioner whose weights are not in its directory, or not the only ones there.</summary>
    /// <param name="directory">Has config.json and vocab.txt.</param>
    /// <param name="weightsPath">The file or directory of the weights.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <inheritdoc cref="Load(string, Device)"/>
    public static BlipCaptioner Load(string directory, string weightsPath, Device? device = null)
    {
        var file = Path.Combine(directory, "config.json");
        var root = NetworkConfig.Open(file);
        var isShapes = root.Find("vocabulary") is not null;
        var tokenizer = isShapes ? WordPiece.From([.. root["vocabulary"].Items().Select(token => token.Text())], file) : WordPiece.Load(directory);
        var config = isShapes ? BlipConfig.ReadShapes(root, tokenizer.Tokens) : BlipConfig.Read(root);
        if (tokenizer.VocabularySize > config.Vocabulary)
        {
            throw root.Error($"the model knows {config.Vocabulary} tokens, but the tokenizer has {tokenizer.VocabularySize}");
        }

        var input = isShapes ? new ImageInput(config.ImageSize, [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]) : ImageInput.FromDirectory(directory, config.ImageSize);
        using var weights = new RenamedWeights(weightsPath, isShapes ? BlipKeys.ShapesKey : BlipKeys.Key);
        var captioner = new BlipCaptioner(config, tokenizer, input, BlipKeys.Source(weights, device ?? CPU));
        weights.RefuseLeftovers();
        return captioner;
    }

    /// <summary>Writes a Hugging Face directory: config.json, model.safetensors, vocab.txt and the files of the two processors.</summary>
    /// <param name="directory">Created when missing.</param>
    /// <param name="dtype">Type stored.</param>
    public void Save(string directory, ScalarType dtype = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        Safetensors.Write(Path.Combine(directory, Safetensors.SingleFile), named_parameters().Select(pair => KeyValuePair.Create(pair.name, pair.parameter.detach().to_type(dtype))));
        AtomicFile.WriteText(Path.Combine(directory, "vocab.txt"), string.Join('\n', Tokenizer.Tokens) + "\n");
        AtomicFile.WriteText(Path.Combine(directory, "preprocessor_config.json"), Input.ToJson());
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer_config.json"), JsonSerializer.Serialize(new { tokenizer_class = "BertTokenizer", do_lower_case = true }) + "\n");
        AtomicFile.WriteText(Path.Combine(directory, "config.json"), Config.ToJson());
    }

    /// <summary>The image tokens of normalised images, as <see cref="Input"/> makes them.</summary>
    /// <param name="pixels">[N, 3, H, W].</param>
    /// <returns>[N, T, D'].</returns>
    public Tensor EncodeImages(Tensor pixels) => vision_model.Forward(pixels);

    /// <summary>Scores of the word after each word, for training on given captions.</summary>
    /// <param name="ids">int64 [N, S], rows of <see cref="Ids"/>, padded right.</param>
    /// <param name="image">[N, T, D'].</param>
    /// <returns>[N, S, V].</returns>
    public Tensor Logits(Tensor ids, Tensor image) => text_decoder.Logits(ids, image);

    /// <summary>A caption as the model writes it: the start, its words, the stop.</summary>
    public int[] Ids(string caption) => [Config.Start, .. Tokenizer.Encode(caption, addSpecial: false), Config.Stop];

    /// <summary>Describes images.</summary>
    /// <param name="pixels">[N, 3, H, W] in [−1, 1], any size; values beyond are clamped.</param>
    /// <param name="options">Greedy, at most 50 tokens, without a prompt if null.</param>
    /// <returns>[N] captions in the order of the images.</returns>
    public IReadOnlyList<string> Caption(Tensor pixels, CaptionOptions? options = null) => [.. CaptionIds(pixels, options).Select(Text)];

    /// <summary>The ids of the captions of images; see <see cref="Caption(Tensor, CaptionOptions)"/>.</summary>
    /// <returns>[N] rows: start, words and, if the caption came to an end, the stop.</returns>
    public IReadOnlyList<int[]> CaptionIds(Tensor pixels, CaptionOptions? options = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = Math.Max(1, ImageTokensAtOnce / Config.ImageTokens);
        var all = new List<int[]>();
        for (var first = 0L; first < pixels.shape[0]; first += rows)
        {
            using var part = NewDisposeScope();
            var some = pixels.narrow(0, first, Math.Min(rows, pixels.shape[0] - first)).to(Device);
            all.AddRange(Write(vision_model.Forward(Input.FromPixels(some)), options ?? new CaptionOptions()));
        }

        return all;
    }

    /// <summary>Describes images, resized by the filter that the model was trained with.</summary>
    /// <inheritdoc cref="Caption(Tensor, CaptionOptions)"/>
    public IReadOnlyList<string> Caption(IReadOnlyList<RgbImage> images, CaptionOptions? options = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = Math.Max(1, ImageTokensAtOnce / Config.ImageTokens);
        return [.. images.Chunk(rows).SelectMany(some => Write(vision_model.Forward(Input.FromImages(some, Device)), options ?? new CaptionOptions())).Select(Text)];
    }

    /// <summary>The captions of image tokens.</summary>
    internal IEnumerable<int[]> Write(Tensor image, CaptionOptions options)
    {
        int[] prompt = [Config.Start, .. Tokenizer.Encode(options.Prompt, addSpecial: false)];
        var search = new CaptionSearch(text_decoder, Config);
        return options.Beams > 1
            ? search.Beam(image, prompt, options).Select(caption => caption.Ids.ToArray())
            : search.Greedy(image, prompt, options).Select(ids => ids.ToArray());
    }

    /// <summary>The text of a row of ids.</summary>
    internal string Text(int[] ids) => Tokenizer.Decode([.. ids.Where(id => id != Config.Start && id != Config.Stop && id != Config.Pad)]);

    private Device Device => parameters().First().device;
}
