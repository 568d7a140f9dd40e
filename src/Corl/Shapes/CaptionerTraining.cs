using Corl.Models;
using Corl.Tokenizers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>
/// Trains the captioner of the Shapes world on canonical captions: first on the prompts' scenes, blurred and noisy, then on free scenes,
/// three quarters of them as the VQ tokenizer paints them. Without the second phase it misnames what a policy paints, and its reward is
/// noise.
/// </summary>
internal sealed class CaptionerTraining
{
    private const int Batch = 48;
    private const double CleanShare = 0.25; // of the second phase's images
    private const double FreeNoise = 0.03; // standard deviation, of pixels in [−1, 1]
    private const int TestedScenes = 300;
    private const int Width = 128;

    private static readonly string[] Words =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", // [DEC] opens a caption, [SEP] closes it
        .. ((string[])["nothing", "a", "an", "and", "of", "left", "right", "above", "below", "two", "three", "four", ",", .. World.ColorNames, .. World.PluralNames, .. World.ShapeNames])
            .Order(StringComparer.Ordinal),
    ];

    private static readonly BlipConfig Config = new()
    {
        ImageSize = World.Size,
        PatchSize = 8,
        VisionWidth = Width,
        VisionLayers = 3,
        VisionHeads = 4,
        VisionMlpWidth = 4 * Width,
        Vocabulary = Words.Length,
        TextWidth = Width,
        TextLayers = 2,
        TextHeads = 4,
        TextMlpWidth = 4 * Width,
        Positions = 24, // the longest caption has 17 tokens
        Start = Array.IndexOf(Words, "[DEC]"),
        Stop = Array.IndexOf(Words, "[SEP]"),
        Pad = Array.IndexOf(Words, "[PAD]"),
    };

    private readonly ulong _seed;

    /// <summary>Prepares the training of a new captioner.</summary>
    public CaptionerTraining(ulong seed = 0)
    {
        _seed = seed;
        float[] middle = [0.5f, 0.5f, 0.5f]; // [0, 1] → [−1, 1]
        Captioner = new BlipCaptioner(Config, WordPiece.From(Words, "the Shapes world's captions"), new ImageInput(World.Size, middle, middle), InitialWeights.FanIn(seed));
    }

    /// <summary>What learns.</summary>
    public BlipCaptioner Captioner { get; }

    /// <summary>Length and learning rates of the first phase.</summary>
    public static readonly CosineSchedule FirstSchedule = new(1e-3, Steps: 1000, WarmUp: 100, Floor: 0.1);

    /// <summary>The same of the second.</summary>
    public static readonly CosineSchedule SecondSchedule = new(6e-4, Steps: 900, WarmUp: 20, Floor: 0.03);

    /// <summary>The first phase, on the pool of the prompts' scenes.</summary>
    public TrainingPhase OnPrompts(CosineSchedule schedule, ShapesPool pool) => Phase("captioner", schedule, pool, (int[] chosen, ref CounterRng random) =>
        Augmentation.Degrade(pool.Pixels(chosen), ref random));

    /// <summary>The second phase.</summary>
    /// <param name="schedule">Length and learning rates.</param>
    /// <param name="clean">Free scenes.</param>
    /// <param name="repainted">The same as the VQ tokenizer paints them.</param>
    public TrainingPhase OnFreeScenes(CosineSchedule schedule, ShapesPool clean, ShapesPool repainted) => Phase("captioner-free", schedule, clean, (int[] chosen, ref CounterRng random) =>
    {
        using var scope = NewDisposeScope();
        var isClean = new bool[chosen.Length];
        for (var i = 0; i < isClean.Length; i++)
        {
            isClean[i] = random.Uniform() < CleanShare;
        }

        var images = where(tensor(isClean, [chosen.Length, 1, 1, 1]), clean.Pixels(chosen), repainted.Pixels(chosen));
        return Augmentation.AddNoise(images, FreeNoise, ref random).MoveToOuterDisposeScope();
    });

    /// <summary>Share of a pool's last images that get exactly their canonical caption.</summary>
    public static double Exact(BlipCaptioner captioner, ShapesPool pool)
    {
        using var scope = NewDisposeScope();
        var first = pool.Count - TestedScenes;
        var captions = captioner.Caption(pool.Pixels(first, TestedScenes));
        return captions.Where((caption, i) => caption == SceneCaption.Of(pool.Scenes[first + i].Objects)).Count() / (double)TestedScenes;
    }

    private delegate Tensor BatchImages(int[] chosen, ref CounterRng random);

    private TrainingPhase Phase(string name, CosineSchedule schedule, ShapesPool pool, BatchImages images)
    {
        int[][] captions = [.. pool.Scenes.Select(scene => Captioner.Ids(SceneCaption.Of(scene.Objects)))];
        return new TrainingPhase(name, schedule, [.. Captioner.named_parameters()], step =>
        {
            using var scope = NewDisposeScope();
            var random = CounterRng.Named(_seed, name, step);
            var chosen = ShapesPool.Draw(Batch, pool.Count - TestedScenes, ref random);
            var loss = Loss(images(chosen, ref random), [.. chosen.Select(i => captions[i])]);
            loss.backward();
            return loss.item<float>();
        })
        {
            Betas = (0.9, 0.98),
        };
    }

    private Tensor Loss(Tensor pixels, int[][] captions)
    {
        using var scope = NewDisposeScope();
        var length = captions.Max(caption => caption.Length);
        var ids = new long[captions.Length * length];
        Array.Fill(ids, Config.Pad);
        for (var i = 0; i < captions.Length; i++)
        {
            for (var t = 0; t < captions[i].Length; t++)
            {
                ids[(i * length) + t] = captions[i][t];
            }
        }

        var rows = tensor(ids, [captions.Length, length]);
        var logits = Captioner.Logits(rows.narrow(1, 0, length - 1), Captioner.EncodeImages(Captioner.Input.FromPixels(pixels))); // [N, S, V]
        return functional.cross_entropy(logits.flatten(0, 1), rows.narrow(1, 1, length - 1).flatten(), ignore_index: Config.Pad).MoveToOuterDisposeScope();
    }
}
