using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>
/// What the policy sampled in one modality for B prompts: N = B·G completions, G for each prompt. Owns its tensors.
/// Shapes: N completions, L tokens of the longest.
/// </summary>
internal abstract class Completions : IDisposable
{
    private readonly Dictionary<int, Tensor> _old = [];

    /// <summary>"image" or "text": names of the log.</summary>
    public abstract string Name { get; }

    /// <summary>G.</summary>
    public required int GroupSize { get; init; }

    /// <summary>B.</summary>
    public abstract int Prompts { get; }

    /// <summary>Tokens of each completion, [N].</summary>
    public abstract IReadOnlyList<int> Lengths { get; }

    /// <summary>
    /// log π of every completion of <paramref name="count"/> prompts, by teacher forcing; for training with a tape, whose
    /// <see cref="GradientTape.Backward"/> follows the backward pass of the loss.
    /// </summary>
    /// <returns>[n, L] each; n = count·G.</returns>
    public abstract TokenScores LogProbs(JanusPro model, int firstPrompt, int count, EntropyUse entropy = EntropyUse.None, GradientTape? tape = null);

    /// <summary>The log-probabilities kept from sampling, in the same shape as <see cref="LogProbs"/>.</summary>
    public abstract Tensor SampledLogps(int firstPrompt, int count, long length);

    /// <summary>
    /// log π_θold for a second and later update with the same completions: what the first update's pass gave for the prompts that begin
    /// at <paramref name="firstPrompt"/>. The first call keeps <paramref name="logps"/>.
    /// </summary>
    public Tensor OldLogps(int firstPrompt, Tensor logps)
    {
        if (!_old.TryGetValue(firstPrompt, out var old))
        {
            _old[firstPrompt] = old = logps.detach().clone().DetachFromDisposeScope();
        }

        return old;
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (var old in _old.Values)
        {
            old.Dispose();
        }
    }

    /// <summary>Row i of the result is row i / G of <paramref name="rows"/>.</summary>
    protected T[] Repeated<T>(IReadOnlyList<T> rows, int first, int count) => [.. Enumerable.Range(first, count).SelectMany(b => Enumerable.Repeat(rows[b], GroupSize))];
}

/// <summary>Images as codes.</summary>
internal sealed class ImageCompletions : Completions
{
    private readonly IReadOnlyList<int[]> _prompts;
    private readonly Policy _policy;
    private readonly ImageRollout _rollout;
    private readonly SamplingConfig _sampling;
    private readonly bool _legacyOffset;

    /// <summary>Takes over the rollout's tensors.</summary>
    public ImageCompletions(Policy policy, IReadOnlyList<int[]> prompts, ImageRollout rollout, SamplingConfig sampling, bool legacyOffset)
    {
        (_policy, _prompts, _rollout, _sampling, _legacyOffset) = (policy, prompts, rollout, sampling, legacyOffset);
        Codes = rollout.Codes.DetachFromDisposeScope();
        rollout.Logps.DetachFromDisposeScope();
        Lengths = [.. Enumerable.Repeat((int)rollout.Codes.shape[1], (int)rollout.Codes.shape[0])];
    }

    /// <summary>Chosen groups of several rollouts of the same settings as one; a group is a rollout and the number of its prompt.</summary>
    public static ImageCompletions Join(IReadOnlyList<(ImageCompletions From, int Prompt)> groups)
    {
        using var scope = NewDisposeScope();
        var one = groups[0].From;
        Tensor Rows(Func<ImageCompletions, Tensor> of) => cat([.. groups.Select(g => of(g.From).narrow(0, g.Prompt * one.GroupSize, one.GroupSize))]);
        var rollout = new ImageRollout(Rows(x => x.Codes), Rows(x => x._rollout.Logps));
        return new ImageCompletions(one._policy, [.. groups.Select(g => g.From._prompts[g.Prompt])], rollout, one._sampling, one._legacyOffset) { GroupSize = one.GroupSize };
    }

    public override string Name => "image";

    public override int Prompts => _prompts.Count;

    public override IReadOnlyList<int> Lengths { get; }

    /// <summary>int64 [N, I].</summary>
    public Tensor Codes { get; }

    public override TokenScores LogProbs(JanusPro model, int firstPrompt, int count, EntropyUse entropy = EntropyUse.None, GradientTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var codes = Codes.narrow(0, firstPrompt * GroupSize, count * GroupSize);
        return Rollouts.LogProbs.Image(model, Repeated(_prompts, firstPrompt, count), codes, _policy.Ids.Pad, _sampling.Temperature, _legacyOffset, entropy, tape).MoveToOuterDisposeScope();
    }

    public override Tensor SampledLogps(int firstPrompt, int count, long length) => _rollout.Logps.narrow(0, firstPrompt * GroupSize, count * GroupSize);

    public override void Dispose()
    {
        base.Dispose();
        Codes.Dispose();
        _rollout.Logps.Dispose();
    }
}

/// <summary>Answers about images.</summary>
internal sealed class TextCompletions : Completions
{
    private readonly IReadOnlyList<int[]> _questions;
    private readonly Policy _policy;
    private readonly Tensor _pixels; // [B, 3, H, W]
    private readonly TextRollout _rollout;
    private readonly SamplingConfig _sampling;

    /// <summary>Takes over the pixels.</summary>
    public TextCompletions(Policy policy, IReadOnlyList<int[]> questions, Tensor pixels, TextRollout rollout, SamplingConfig sampling)
    {
        (_policy, _questions, _pixels, _rollout, _sampling) = (policy, questions, pixels.DetachFromDisposeScope(), rollout, sampling);
        Lengths = [.. rollout.Ids.Select(ids => ids.Length)];
    }

    /// <summary>Chosen groups of several rollouts of the same settings as one; a group is a rollout and the number of its prompt.</summary>
    public static TextCompletions Join(IReadOnlyList<(TextCompletions From, int Prompt)> groups)
    {
        using var scope = NewDisposeScope();
        var one = groups[0].From;
        T[] Rows<T>(Func<TextRollout, IReadOnlyList<T>> of) => [.. groups.SelectMany(g => Enumerable.Range(g.Prompt * one.GroupSize, one.GroupSize).Select(row => of(g.From._rollout)[row]))];
        var pixels = cat([.. groups.Select(g => g.From._pixels.narrow(0, g.Prompt, 1))]);
        var rollout = new TextRollout(Rows(x => x.Ids), Rows(x => x.Logps));
        return new TextCompletions(one._policy, [.. groups.Select(g => g.From._questions[g.Prompt])], pixels, rollout, one._sampling) { GroupSize = one.GroupSize };
    }

    public override string Name => "text";

    public override int Prompts => _questions.Count;

    public override IReadOnlyList<int> Lengths { get; }

    /// <summary>[N] tokens with the end token, when there is one.</summary>
    public IReadOnlyList<int[]> Ids => _rollout.Ids;

    /// <summary>Completions that stopped at the longest length without an end token.</summary>
    public int Clipped => _rollout.Ids.Count(ids => ids[^1] != _policy.Ids.Eos);

    public override TokenScores LogProbs(JanusPro model, int firstPrompt, int count, EntropyUse entropy = EntropyUse.None, GradientTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var images = model.EmbedImages(_pixels.narrow(0, firstPrompt, count)).repeat_interleave(GroupSize, 0); // [n, I, D]
        var answers = Enumerable.Range(firstPrompt * GroupSize, count * GroupSize).Select(i => _rollout.Ids[i]).ToList();
        return Rollouts.LogProbs.Text(model, Repeated(_questions, firstPrompt, count), answers, images, _policy.Ids, _sampling.Temperature, entropy, tape).MoveToOuterDisposeScope();
    }

    public override Tensor SampledLogps(int firstPrompt, int count, long length)
    {
        var rows = count * GroupSize;
        var values = new float[rows * length];
        for (var i = 0; i < rows; i++)
        {
            _rollout.Logps[(firstPrompt * GroupSize) + i].CopyTo(values, i * (int)length);
        }

        return tensor(values, [rows, length], device: _policy.Model.Device);
    }

    public override void Dispose()
    {
        base.Dispose();
        _pixels.Dispose();
    }
}
