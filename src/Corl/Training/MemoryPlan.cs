using Corl.Models;
using Corl.Rollouts;

namespace Corl.Training;

/// <summary>
/// How much memory each phase of a run needs, told from sizes alone. What is counted: weights, gradients, optimizer and reference; the
/// cache of keys and values; what the backward pass keeps of every decoder layer; the largest temporaries of each phase. What is not: the
/// program itself, and what an allocator leaves unused.
/// </summary>
internal sealed class MemoryPlan
{
    private const int Wide = 4; // bytes of a float32
    private const int Moments = 2 * Wide;
    private const int LogitCopies = 4; // logits, their exponentials, and two of their gradient or of an entropy at once
    private const int UpdateSlice = 1 << 26; // numbers that the optimizer updates at a time on a device, three temporaries each

    private readonly Workload _work;
    private readonly LlamaConfig _llama;

    /// <summary>Plans a run.</summary>
    public MemoryPlan(Workload work)
    {
        (_work, _llama) = (work, work.Model.Language);
        var counts = work.Counts;
        Weights = counts.All * work.ElementBytes + (counts.IsAdapter ? (counts.Trained - counts.Copied) * Wide : 0);
        TrainedBytes = counts.IsAdapter ? Wide : work.ElementBytes;
        Gradients = counts.Trained * TrainedBytes;
        var state = counts.Trained * (Moments + (work.Offload || TrainedBytes < Wide ? Wide : 0));
        (Optimizer, Host) = work.Offload ? (0.0, state) : (state, 0.0);
        Reference = work.Reference ? counts.Copied * work.ElementBytes : 0;
        Phases = [.. AllPhases().Select(p => new PhaseMemory(p.Name, p.Bytes))];
    }

    /// <summary>Bytes of the model, with an adapter.</summary>
    public double Weights { get; }

    /// <summary>Bytes of all gradients.</summary>
    public double Gradients { get; }

    /// <summary>Bytes of the optimizer's state on the device, and on the host.</summary>
    public double Optimizer { get; }

    public double Host { get; }

    /// <summary>Bytes of the copy that π_ref needs.</summary>
    public double Reference { get; }

    /// <summary>The largest memory of each phase, in the order in which they first come.</summary>
    public IReadOnlyList<PhaseMemory> Phases { get; }

    /// <summary>The most that any phase needs.</summary>
    public double Peak => Phases.Max(p => p.Bytes);

    private int TrainedBytes { get; }

    private double Static => Weights + Optimizer + Reference + _work.JudgeBytes;

    private double Rows => (double)_work.PromptsAtOnce * _work.GroupSize;

    private int ImageLength => _work.PromptTokens + _work.Model.ImageCodes - 1; // the last code is read by nothing

    private int AnswerLength => _work.QuestionTokens + _work.AnswerTokens;

    private double HeadWidth => (double)_llama.Heads * _llama.HeadWidth;

    private IEnumerable<(string Name, double Bytes)> AllPhases()
    {
        yield return ("load", Weights + Reference + _work.JudgeBytes);
        if (_work.Samples && _work.Images)
        {
            yield return ("rollout_image", Static + ImageRollout());
        }

        if (_work.Samples && _work.Answers)
        {
            yield return ("rollout_text", Static + AnswerRollout());
        }

        if (_work.Samples && _work.Images)
        {
            yield return ("reward", Static + Painting());
        }

        if (_work.Reference)
        {
            yield return ("reference", Static + Gradients + Passes().Max(p => Saved(p.Length, p.Tokens, p.Vocabulary, inBackward: false) + Forward(Rows, p.Length) + Head(p.Tokens, p.Vocabulary)));
        }

        yield return ("backward", Static + Passes().Max(Backward));
        yield return ("optimizer", Static + Gradients + (_work.OnCpu ? 0 : 3.0 * Wide * Math.Min(UpdateSlice, _work.Counts.Largest)));
    }

    // Row length, scored tokens and vocabulary of a micro-batch of each modality, and whether gradients are there when it begins.
    private IEnumerable<(int Length, double Tokens, int Vocabulary, bool HasGradients)> Passes()
    {
        var several = _work.PromptsAtOnce < _work.Batch;
        if (_work.Images)
        {
            yield return (ImageLength, Rows * _work.Model.ImageCodes, _work.Model.Vq.Codes, several);
        }

        if (_work.Answers)
        {
            yield return (AnswerLength, Rows * _work.AnswerTokens, _llama.VocabularySize, several || _work.Together);
        }
    }

    private double Backward((int Length, double Tokens, int Vocabulary, bool HasGradients) pass)
    {
        var isText = pass.Vocabulary == _llama.VocabularySize;
        var head = isText && _work.Counts.TrainsHead && !_work.Counts.IsAdapter ? (double)_llama.VocabularySize * _llama.HiddenSize * TrainedBytes : 0;
        var saved = Saved(pass.Length, pass.Tokens, pass.Vocabulary, inBackward: true);
        var early = saved + Math.Max(Head(pass.Tokens, pass.Vocabulary) + (pass.HasGradients ? head : 0), LayerTemporaries(pass.Length)) + (pass.HasGradients ? Gradients : head);
        // At the end the activations are gone, and a gradient that joins another is whole once more.
        var late = Gradients + (_work.Counts.TrainsEmbedding && !_work.Counts.IsAdapter ? (double)_llama.VocabularySize * _llama.HiddenSize * TrainedBytes : 0) + LayerTemporaries(pass.Length);
        return Math.Max(early, late);
    }

    // What a pass keeps for the backward pass; in it, layers that are run again are whole one at a time.
    private double Saved(int length, double tokens, int vocabulary, bool inBackward)
    {
        var (all, width) = (Rows * length, (double)_llama.HiddenSize);
        var layers = _work.Counts.Layers.Select(layer => LayerSaved(layer, length)).ToArray();
        var decoder = _work.Recompute ? (all * width * _work.ElementBytes * (layers.Length + 3)) + (inBackward ? layers.Max() : 0) : layers.Sum();
        // Embeddings, the last norm, the states before the scored tokens, and of images the inside of their head.
        return decoder + (all * width * (_work.ElementBytes + Wide + _work.ElementBytes)) + (tokens * _work.ElementBytes * (2 * width + (vocabulary == _work.Model.Vq.Codes ? 2 * _work.Model.ImageHeadWidth : 0)));
    }

    // Per token: the residual stream before both norms, what the norms hand on, queries, keys, values and what comes out of attention,
    // three stages of the feed-forward block, each where a trained weight or a function needs it.
    private double LayerSaved(LayerGradients trained, int length)
    {
        var (e, width, inner) = (_work.ElementBytes, (double)_llama.HiddenSize, (double)_llama.IntermediateSize);
        static int One(bool is_) => is_ ? 1 : 0;
        var values = width * ((2 * Wide) + (e * (One(trained.Norm1) + One(trained.Norm2) + One(trained.Qkv) + One(trained.GateUp))))
            + (HeadWidth * e * (3 + One(trained.Output)))
            + (inner * e * (3 + One(trained.Down)));
        var attention = _work.OnCpu ? (double)_llama.Heads * length * Wide : HeadWidth * e; // all probabilities, or the fused kernel's output
        return Rows * length * (values + attention);
    }

    // What one layer needs beside what it keeps, forward or backward.
    private double LayerTemporaries(int length)
    {
        var tokens = Rows * length;
        var attention = _work.OnCpu ? 2.0 * tokens * _llama.Heads * length * Wide : 4 * tokens * HeadWidth * _work.ElementBytes;
        return Math.Max(attention, 2 * tokens * _llama.IntermediateSize * _work.ElementBytes) + (tokens * _llama.HiddenSize * Wide);
    }

    // The logits of a chunk of tokens.
    private double Head(double tokens, int vocabulary) => LogitCopies * Wide * vocabulary * Math.Min(tokens, TokenHead.ChunkOf(vocabulary, _work.OnCpu));

    // A pass without gradients: one layer's intermediate values.
    private double Forward(double rows, int length)
    {
        var (d, f) = ((double)_llama.HiddenSize, (double)_llama.IntermediateSize);
        return rows * length * _work.ElementBytes * Math.Max((5 * d) + (4 * f), (4 * d) + (9 * HeadWidth));
    }

    private double Cache(double rows, double length) => 2.0 * _llama.Layers * rows * length * _llama.KvHeads * _llama.HeadWidth * _work.ElementBytes;

    private double ImageRollout()
    {
        var (twins, codes) = (_work.Guided ? 2 : 1, (double)_work.Model.Vq.Codes);
        var prompts = (double)twins * _work.PromptsAtOnce;
        var logits = Rows * codes * Wide * (_work.Guided ? 7 : 4); // both rows' logits and their combination; softmax and its sums
        return Cache(prompts, _work.PromptTokens) + Cache(twins * Rows, _work.PromptTokens + _work.Model.ImageCodes) + logits + Forward(twins * Rows, 1);
    }

    private double AnswerRollout()
    {
        var prefill = Cache(_work.PromptsAtOnce, _work.QuestionTokens) + Forward(_work.PromptsAtOnce, _work.QuestionTokens) + Tower();
        var decode = Cache(_work.PromptsAtOnce, _work.QuestionTokens) + Cache(Rows, AnswerLength) + (Rows * _llama.VocabularySize * Wide * LogitCopies) + Forward(Rows, 1);
        return Math.Max(prefill, decode);
    }

    // The image tower without gradients, all images of a micro-batch together.
    private double Tower()
    {
        var vision = _work.Model.Vision;
        return (double)_work.PromptsAtOnce * vision.Tokens * _work.ElementBytes * ((8.0 * vision.Width) + (2.0 * vision.MlpWidth));
    }

    private double Painting()
    {
        var pixels = 3.0 * _work.Model.ImageSize * _work.Model.ImageSize;
        var images = (double)_work.PromptsAtOnce == 0 ? 0 : (double)_work.Batch * _work.GroupSize;
        return (RolloutEngine.PaintedAtOnce(_work.Model, _work.OnCpu) is var atOnce ? Math.Min(atOnce, images) : 0) * VqCost.Of(_work.Model).Peak * _work.ElementBytes + (2 * images * pixels * Wide);
    }
}

/// <summary>The largest memory of a phase, in bytes.</summary>
internal sealed record PhaseMemory(string Name, double Bytes);
