using Corl.Grpo;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Benchmarks;

/// <summary>
/// A Janus-Pro of the Shapes world's sizes with random weights and given prompts, and the work of a training run on it. Answers never
/// end early, so that the work is the same every time.
/// </summary>
internal sealed class ToyJanus : IDisposable
{
    public const int AnswerTokens = 48; // about the length of a reasoned answer in the Shapes world
    private const int PromptTokens = 16, QuestionTokens = 40;
    private const int Bos = 429, Pad = 431, BeginOfImage = 432, Placeholder = 434, NoEnd = -1; // ids of assets/shapes' tokenizer
    private static readonly SpecialIds Ids = new(Bos, NoEnd, Pad, BeginOfImage, Placeholder);

    public ToyJanus()
    {
        manual_seed(0);
        Model = new JanusPro(Config, Weights());
    }

    /// <summary>The sizes of assets/shapes.</summary>
    public static JanusConfig Config { get; } = new()
    {
        Language = new LlamaConfig(VocabularySize: 448, HiddenSize: 128, IntermediateSize: 384, Layers: 4, Heads: 4, KvHeads: 4, HeadWidth: 32),
        Vision = new VisionConfig(Width: 128, Layers: 3, Heads: 4, PatchSize: 8, ImageSize: 32, MlpWidth: 512),
        Vq = new VqConfig(Channels: 32, Multipliers: [1, 1, 2, 2], ResidualBlocks: 1, LatentChannels: 64, Codes: 512, CodeWidth: 8),
        ImageHeadWidth = 128,
    };

    public JanusPro Model { get; }

    /// <summary>Weights of the usual initial size; norms are 1.</summary>
    public static WeightSource Weights() => WeightSource.From((_, shape) => shape.Length == 1 ? ones(shape) : randn(shape) * 0.02);

    /// <summary>Multiply-adds of the decoder's layers for one token, times two.</summary>
    public static double FlopsPerToken(LlamaConfig c, double context) =>
        c.Layers * ((2.0 * c.HiddenSize * c.HeadWidth * ((2 * c.Heads) + (2 * c.KvHeads))) + (6.0 * c.HiddenSize * c.IntermediateSize) + (4.0 * context * c.Heads * c.HeadWidth));

    /// <summary>Samples images with guidance 5, G = rows, up to 8 per prompt.</summary>
    /// <returns>Tokens written and floating point operations.</returns>
    public (double Tokens, double Flops) DecodeImages(int rows)
    {
        using var scope = NewDisposeScope();
        var groups = Math.Max(1, rows / 8);
        var prompts = Prompts(groups);
        int[][] hidden = [.. prompts.Select(p => p.Select((id, i) => i == 0 || i == p.Length - 1 ? id : Pad).ToArray())];
        var rollout = ImageSampler.Sample(Model, prompts, hidden, Pad, rows / groups, new SamplingConfig(), new Draws(0, "benchmark"));
        var tokens = (double)rollout.Codes.numel();
        return (tokens, 2 * tokens * (FlopsPerToken(Config.Language, PromptTokens + (Config.ImageCodes / 2)) + ImageHeadFlops)); // guidance doubles the rows
    }

    /// <summary>Samples answers, G = rows, up to 8 per question.</summary>
    public (double Tokens, double Flops) DecodeText(int rows)
    {
        using var scope = NewDisposeScope();
        var groups = Math.Max(1, rows / 8);
        var images = Model.EmbedImages(Pixels(groups));
        var rollout = TextSampler.Sample(Model, Questions(groups), images, Ids, rows / groups, new SamplingConfig { MaxNewTokens = AnswerTokens }, new Draws(0, "benchmark"));
        var tokens = (double)rollout.Ids.Sum(ids => ids.Length);
        return (tokens, tokens * (FlopsPerToken(Config.Language, QuestionTokens + (AnswerTokens / 2)) + TextHeadFlops));
    }

    /// <summary>Log-probabilities of given images and answers, one of each per row.</summary>
    public (double Tokens, double Flops) Score(int rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (image, text) = Logps(rows);
        return (image.numel() + text.numel(), rows * ForwardFlops);
    }

    /// <summary>One update from given rollouts: both losses, their gradients, clipping, AdamW.</summary>
    public (double Tokens, double Flops) Train(int rows, AdamW optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGrad();
        var advantage = GroupAdvantage.Of(rand(rows / 4, 4)).view(-1);
        var (image, text) = Logps(rows);
        (GrpoLoss.Compute(image, null, null, advantage, ones_like(image), 0).Total + GrpoLoss.Compute(text, null, null, advantage, ones_like(text), 0).Total).backward();
        GradientClipping.Clip(optimizer.Parameters, 1);
        optimizer.Step(1e-6);
        return (image.numel() + text.numel(), 3 * rows * ForwardFlops); // the backward pass is twice the forward pass
    }

    /// <summary>AdamW over the language model, which is what trains by default.</summary>
    public AdamW NewOptimizer()
    {
        var trained = Model.named_parameters().Where(p => p.name.StartsWith("language_model.", StringComparison.Ordinal)).ToList();
        trained.ForEach(p => p.parameter.requires_grad = true);
        return new AdamW(trained.Select(p => (p.name, p.parameter)));
    }

    public void Dispose() => Model.Dispose();

    private static double ImageHeadFlops => 2.0 * Config.ImageHeadWidth * (Config.Language.HiddenSize + Config.Vq.Codes);

    private static double TextHeadFlops => 2.0 * Config.Language.HiddenSize * Config.Language.VocabularySize;

    // One row's image (prompt and codes) and answer (question and text)
    private static double ForwardFlops =>
        ((PromptTokens + Config.ImageCodes) * FlopsPerToken(Config.Language, (PromptTokens + Config.ImageCodes) / 2.0)) + (Config.ImageCodes * ImageHeadFlops)
        + ((QuestionTokens + AnswerTokens) * FlopsPerToken(Config.Language, (QuestionTokens + AnswerTokens) / 2.0)) + (AnswerTokens * TextHeadFlops);

    private (Tensor Image, Tensor Text) Logps(int rows)
    {
        using var scope = NewDisposeScope();
        var (image, _) = LogProbs.Image(Model, Prompts(rows), randint(0, Config.Vq.Codes, [rows, Config.ImageCodes], ScalarType.Int64), Pad);
        int[][] answers = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, AnswerTokens).ToArray())];
        Tensor images;
        using (no_grad())
        {
            images = Model.EmbedImages(Pixels(rows));
        }

        var (text, _) = LogProbs.Text(Model, Questions(rows), answers, images, Ids);
        return (image.MoveToOuterDisposeScope(), text.MoveToOuterDisposeScope());
    }

    private static Tensor Pixels(int count) => zeros(count, 3, Config.ImageSize, Config.ImageSize);

    private static int[][] Prompts(int count) => [.. Enumerable.Repeat<int[]>([Bos, .. Enumerable.Range(0, PromptTokens - 2), BeginOfImage], count)];

    private static int[][] Questions(int count) =>
        [.. Enumerable.Repeat<int[]>([Bos, BeginOfImage, .. Enumerable.Repeat(Placeholder, Config.Vision.Tokens), .. Enumerable.Range(0, QuestionTokens - 2 - Config.Vision.Tokens)], count)];
}
