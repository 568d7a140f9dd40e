using Corl.Models;
using Corl.Tokenizers;
using static TorchSharp.torch;

namespace Corl.Benchmarks;

/// <summary>The networks of the rewards at their real sizes with random weights; tokenizers are the small ones of the tests.</summary>
internal static class RewardNetworks
{
    private const int Group = 4, Images = 2, Pairs = 16; // a few seconds' work on two cores
    private const int CaptionTokens = 12;                // of a usual caption
    private const double VggFlops = 30.7e9;              // VGG-16's convolutions at 224 × 224: 15.3 G multiply-adds
    private const string Caption = "two dogs are running on the beach";

    /// <summary>Each row's name and what makes its work ready: items and floating point operations of one run.</summary>
    public static readonly (string Name, Func<(IDisposable Network, Func<(double Items, double Flops)> Work)> Open)[] All =
    [
        ($"LPIPS, VGG-16 at 224 × 224, {Group} pairs with one real image", OpenLpips),
        ($"captions, BLIP base, {Images} images, {CaptionTokens} tokens", OpenBlip),
        ($"CLIP score, ViT-B/32, {Pairs} pairs", OpenClip),
        ($"BERTScore, BERT base, {Pairs} pairs", OpenBert),
    ];

    private static (IDisposable, Func<(double, double)>) OpenLpips()
    {
        var backbone = LpipsBackbone.Create(LpipsNet.Vgg16, ToyJanus.Weights());
        var lpips = new Lpips(backbone, Lpips.ShippedHeads(LpipsNet.Vgg16, backbone.Widths));
        var (real, generated) = (rand(1, 3, 224, 224), rand(Group, 3, 224, 224));
        return (lpips, () =>
        {
            using var distances = lpips.Distance(real, generated, unitRange: true);
            return (Group, (Group + 1) * VggFlops);
        }
        );
    }

    private static (IDisposable, Func<(double, double)>) OpenBlip()
    {
        var config = new BlipConfig
        {
            ImageSize = 384,
            PatchSize = 16,
            VisionWidth = 768,
            VisionLayers = 12,
            VisionHeads = 12,
            VisionMlpWidth = 3072,
            Vocabulary = 30524,
            TextWidth = 768,
            TextLayers = 12,
            TextHeads = 12,
            TextMlpWidth = 3072,
            Positions = 512,
            Start = 30522,
            Stop = 102,
            Pad = 0,
        };
        var words = WordPiece.From(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range(5, 1000).Select(id => $"w{id}")], "words");
        var captioner = new BlipCaptioner(config, words, new ImageInput(384, [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]), ToyJanus.Weights());
        var pixels = zeros(Images, 3, 384, 384);
        var options = new CaptionOptions { MaxNewTokens = CaptionTokens, MinLength = CaptionTokens + 1 };
        var (image, text) = (Layers(config.Vision, config.ImageTokens), Layers(config.Vision, CaptionTokens / 2.0) + (4.0 * config.TextWidth * config.TextWidth * config.TextLayers) + (2.0 * config.TextWidth * config.Vocabulary));
        var memory = config.ImageTokens * 4.0 * config.VisionWidth * config.TextWidth * config.TextLayers; // keys and values of the image in every layer
        return (captioner, () =>
        {
            captioner.CaptionIds(pixels, options);
            return (Images, Images * ((config.ImageTokens * image) + memory + (CaptionTokens * text)));
        }
        );
    }

    private static (IDisposable, Func<(double, double)>) OpenClip()
    {
        var config = new ClipConfig
        {
            Vision = new(768, 12, 12, 3072, 1e-5, QuickGelu: true),
            Text = new(512, 12, 8, 2048, 1e-5, QuickGelu: true),
            ImageSize = 224,
            PatchSize = 32,
            Vocabulary = 49408,
            Context = 77,
            Projection = 512,
        };
        var clip = new ClipModel(config, ClipTokenizer.Load(Golden("clip/tiny")), new ImageInput(224, [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]), ToyJanus.Weights());
        var images = zeros(Pairs, 3, 224, 224);
        string[] texts = [.. Enumerable.Repeat(Caption, Pairs)];
        var tokens = clip.Tokenizer.Encode(Caption, config.Context).Length;
        return (clip, () =>
        {
            using var scope = NewDisposeScope();
            ClipModel.Cosine(clip.EncodeImages(images), clip.EncodeTexts(texts));
            return (Pairs, Pairs * ((config.ImageTokens * Layers(config.Vision, config.ImageTokens)) + (tokens * Layers(config.Text, tokens))));
        }
        );
    }

    private static (IDisposable, Func<(double, double)>) OpenBert()
    {
        var config = new BertConfig(30522, 768, 12, 12, 3072, 512, 1e-12, TokenTypes: 2);
        var bert = new BertScore(Golden("bertscore/bert_tiny"), new BertScoreOptions(), new BertEncoder(config, ToyJanus.Weights()));
        string[] candidates = [.. Enumerable.Range(0, Pairs).Select(i => $"{Caption} {i}")], references = [.. Enumerable.Range(0, Pairs).Select(i => $"{i} {Caption}")];
        double[] tokens = [.. candidates.Concat(references).Select(text => (double)bert.Ids(text).Length)];
        var layers = new TransformerConfig(config.Width, config.Layers, config.Heads, config.MlpWidth, config.NormEpsilon);
        return (bert, () =>
        {
            bert.Score(candidates, references);
            return (Pairs, tokens.Sum(length => length * Layers(layers, length)));
        }
        );
    }

    // Operations for one token that looks at so many.
    private static double Layers(TransformerConfig config, double context) =>
        config.Layers * ((8.0 * config.Width * config.Width) + (4.0 * config.Width * config.MlpWidth) + (4.0 * context * config.Width));

    private static string Golden(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Corl.slnx")))
        {
            root = root.Parent;
        }

        return Path.Combine(root.FullName, "tests/Corl.Tests/Golden/reward-models", name);
    }
}
