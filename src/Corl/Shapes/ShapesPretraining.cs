using Corl.Models;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>
/// Supervised pre-training of the tiny Janus, the stand-in for Janus-Pro's published weights: the cross-entropy of image codes after
/// prompts plus that of answers after questions about images. Everything learns but the VQ tokenizer. The log-probabilities are those
/// that reinforcement learning uses.
/// </summary>
internal sealed class ShapesPretraining : IDisposable
{
    private const int Images = 48; // rows of each kind in a step
    private const int Texts = 48;
    private const int ImagesAtOnce = 24; // rows in one pass: the fewer, the better they fit a core's cache and the less is padding
    private const int TextsAtOnce = 12;
    private const double HiddenPrompts = 0.10; // share of image rows trained without their prompt, which guidance needs
    private const float ConclusionWeight = 4; // of the few tokens that decide whether an answer is right
    private static readonly int[] Mix = [0, 1, 0, 1, 2]; // multiple choice, open-ended and description 2 : 2 : 1
    private readonly Replicas<JanusPro> _replicas;
    private readonly SpecialIds _ids;
    private readonly ShapesPool _pool;
    private readonly long[] _codes; // of the whole pool, record by record
    private readonly ulong _seed;

    /// <summary>Prepares the training: encodes the pool by the model's VQ tokenizer.</summary>
    /// <param name="model">What learns; borrowed. Its code embedding starts as the VQ tokenizer's table.</param>
    /// <param name="ids">Special ids.</param>
    /// <param name="pool">The records' images.</param>
    /// <param name="workers">Threads, each with its own half of the passes; the result depends on their number by rounding only.</param>
    /// <param name="seed">Of the batches.</param>
    public ShapesPretraining(JanusPro model, SpecialIds ids, ShapesPool pool, int workers, ulong seed = 0)
    {
        (_ids, _pool, _seed) = (ids, pool, seed);
        using var scope = NewDisposeScope();
        _codes = ShapesVqTraining.EncodeAll(model.Vq, pool).data<long>().ToArray();
        _replicas = new Replicas<JanusPro>(model, source => new JanusPro(model.Config, source), workers);
    }

    /// <summary>A phase of the training.</summary>
    /// <param name="name">Names its progress lines, its checkpoint and its batches.</param>
    /// <param name="schedule">Length and learning rates.</param>
    /// <param name="texts">By record of the pool.</param>
    public TrainingPhase Phase(string name, CosineSchedule schedule, IReadOnlyList<PretrainingText> texts)
    {
        var learning = _replicas.Model.named_parameters().Where(p => !p.name.StartsWith("gen_vision_model.", StringComparison.Ordinal));
        return new TrainingPhase(name, schedule, [.. learning], step => Backward(name, step, texts));
    }

    /// <inheritdoc/>
    public void Dispose() => _replicas.Dispose();

    private double Backward(string name, int step, IReadOnlyList<PretrainingText> texts)
    {
        var random = CounterRng.Named(_seed, name, step);
        List<(int Cost, Func<JanusPro, Tensor> Loss)> passes = [];
        (int[] Prompt, int Record)[] images = new (int[], int)[Images];
        for (var i = 0; i < Images; i++)
        {
            var record = random.Below(_pool.Count);
            images[i] = (random.Uniform() < HiddenPrompts ? texts[record].Unconditional : texts[record].Prompt, record);
        }

        (LearnedAnswer Text, int Record)[] answers = new (LearnedAnswer, int)[Texts];
        for (var i = 0; i < Texts; i++)
        {
            var record = random.Below(_pool.Count);
            answers[i] = (texts[record].Answers[Mix[i % Mix.Length]], record);
        }

        foreach (var rows in images.OrderBy(row => row.Prompt.Length).Chunk(ImagesAtOnce))
        {
            passes.Add((rows.Length * rows[^1].Prompt.Length, model => ImageLoss(model, rows)));
        }

        var weight = answers.Sum(row => row.Text.Answer.Length + ((ConclusionWeight - 1) * row.Text.ConclusionLength));
        foreach (var rows in answers.OrderBy(row => row.Text.Length).Chunk(TextsAtOnce))
        {
            passes.Add((rows.Length * rows[^1].Text.Length, model => TextLoss(model, rows, weight)));
        }

        return _replicas.Backward(passes);
    }

    // The rows' share of the mean over all image codes of a step.
    private Tensor ImageLoss(JanusPro model, (int[] Prompt, int Record)[] rows)
    {
        using var scope = NewDisposeScope();
        var count = model.Config.ImageCodes;
        var codes = new long[rows.Length * count];
        for (var i = 0; i < rows.Length; i++)
        {
            _codes.AsSpan(rows[i].Record * count, count).CopyTo(codes.AsSpan(i * count));
        }

        var (logps, _) = LogProbs.Image(model, [.. rows.Select(row => row.Prompt)], tensor(codes, [rows.Length, count]), _ids.Pad);
        return (logps.sum() * (-1.0 / (Images * count))).MoveToOuterDisposeScope();
    }

    // The rows' share of the weighted mean over all answer tokens of a step.
    private Tensor TextLoss(JanusPro model, (LearnedAnswer Text, int Record)[] rows, double weight)
    {
        using var scope = NewDisposeScope();
        var images = model.EmbedImages(_pool.Pixels([.. rows.Select(row => row.Record)]));
        var (logps, _) = LogProbs.Text(model, [.. rows.Select(row => row.Text.Question)], [.. rows.Select(row => row.Text.Answer)], images, _ids);
        return ((logps * Weights(rows, (int)logps.shape[1])).sum() * (-1.0 / weight)).MoveToOuterDisposeScope();
    }

    // [N, L]: 1 on an answer's tokens, more on its conclusion's, 0 on padding.
    private static Tensor Weights((LearnedAnswer Text, int Record)[] rows, int length)
    {
        var weights = new float[rows.Length * length];
        for (var i = 0; i < rows.Length; i++)
        {
            var text = rows[i].Text;
            weights.AsSpan(i * length, text.Answer.Length).Fill(1);
            weights.AsSpan((i * length) + text.ConclusionStart, text.ConclusionLength).Fill(ConclusionWeight);
        }

        return tensor(weights, [rows.Length, length]);
    }
}
