using Corl.Data;
using Corl.Distributed;
using Corl.Models;
using Corl.Reports;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Sft;

/// <summary>
/// Supervised fine-tuning of a unified model: the cross-entropy of image codes after prompts plus that of reasoned answers after
/// questions, each the mean over its tokens in the batch. Completions come from the data instead of the policy; log-probabilities,
/// optimizer, state and resume are those of reinforcement learning.
/// </summary>
public sealed class SftTrainer : ITrainer
{
    private readonly SftConfig _config;
    private readonly Demonstrations _demonstrations;
    private readonly Learner _learner;
    private readonly SampleBatches _batches;

    /// <summary>Prepares a run.</summary>
    /// <param name="policy">The policy to train.</param>
    /// <param name="config">The settings.</param>
    /// <param name="samples">The data: rows with image and prompt, with image, question and answer, or with both.</param>
    /// <param name="resume">Where an earlier run of the same settings stopped; null starts afresh.</param>
    /// <param name="processes">Who trains together: each differentiates its share of every batch; null for this process alone.</param>
    public SftTrainer(Policy policy, SftConfig config, SampleSet samples, RunState? resume = null, IProcessGroup? processes = null)
    {
        (Policy, _config, Processes) = (policy, config.Validated(), processes ?? ProcessGroups.Alone);
        _demonstrations = new Demonstrations(policy, config);
        _learner = new Learner(policy, config, config.TotalSteps(samples.Count), resume, Processes);
        _batches = samples.Batches(config.Seed, config.BatchSize, _learner.DataPosition, _demonstrations.Unfit);
    }

    /// <inheritdoc/>
    public TrainingConfig Settings => _config;

    /// <inheritdoc/>
    public Policy Policy { get; }

    /// <inheritdoc/>
    public IProcessGroup Processes { get; }

    /// <inheritdoc/>
    public long StepsMade => _learner.Step;

    /// <inheritdoc/>
    public long TotalSteps => _learner.TotalSteps;

    /// <inheritdoc/>
    public IReadOnlyList<BadRow> BadRows => _batches.BadRows;

    /// <summary>Minimises −(w_I / |I|) Σ log π(image codes) − (w_T / |T|) Σ log π(answer tokens) by one update.</summary>
    /// <param name="cancellation">Stops before anything is changed.</param>
    public StepResult Update(CancellationToken cancellation = default)
    {
        SafeCollection.Here();
        var (clock, metrics) = (new PhaseClock(), new Dictionary<string, double>());
        var batch = clock.Time("data", () => _batches.Next(cancellation));
        using var images = _config.TrainsImages(StepsMade) ? clock.Time("encode", () => _demonstrations.Images(batch.Samples, StepsMade, hides: true)) : null;
        using var answers = _config.TrainsText(StepsMade) ? _demonstrations.Answers(batch.Samples) : null;
        cancellation.ThrowIfCancellationRequested();

        _learner.ZeroGrad();
        clock.Time("backward", () => metrics[MetricNames.Loss] = Losses(images, answers, metrics, loss => loss.backward()));
        metrics = Processes.GatherAs(metrics).SelectMany(part => part).GroupBy(part => part.Key, part => part.Value).ToDictionary(name => name.Key, name => name.Sum());
        var applied = _learner.Apply(clock);
        var fault = _config.SkipBadUpdates ? null : applied.Fault;
        if (fault is null)
        {
            _learner.Advance(batch.Next);
        }

        metrics[MetricNames.Epoch] = batch.Epoch;
        metrics[MetricNames.BadRows] = batch.Skipped.Count;
        metrics[MetricNames.NumTokens] = (images?.Lengths.Sum() ?? 0) + (answers?.Lengths.Sum() ?? 0);
        metrics[MetricNames.GradNorm] = applied.Norm.Norm;
        metrics[MetricNames.LearningRate] = applied.Rate;
        metrics["skipped_updates"] = applied.Fault is null ? 0 : 1;
        foreach (var (phase, seconds) in clock.Seconds)
        {
            metrics[MetricNames.Time(phase)] = seconds;
        }

        metrics[MetricNames.StepTime] = clock.Whole;
        return new StepResult(StepsMade, metrics, Table(batch.Samples)) { Fault = fault };
    }

    /// <summary>The losses of held-out rows; states are compared by the negated sum, "score".</summary>
    /// <param name="data">The held-out rows.</param>
    public Validation HeldOutLoss(SampleSet data) => new(() => Measure(data), "score");

    /// <inheritdoc/>
    public RunState State() => _learner.State();

    /// <inheritdoc/>
    public void Restore(RunState state) => state.Restore(_learner.Optimizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _learner.Dispose();
    }

    // This process's part of the weighted sum of both losses; each micro-batch's share of it is shown to `part`.
    private double Losses(ImageCompletions? images, TextCompletions? answers, Dictionary<string, double> metrics, Action<Tensor> part)
    {
        var total = 0.0;
        foreach (var (shown, weight) in new (Completions?, double)[] { (images, _config.ImageWeight), (answers, _config.TextWeight) })
        {
            if (shown is not null)
            {
                var (loss, entropy) = Loss(shown, weight, Processes.Share(shown.Prompts), part);
                metrics[$"{MetricNames.Loss}/{shown.Name}"] = loss;
                metrics[$"{MetricNames.Entropy}/{shown.Name}"] = entropy;
                total += weight * loss;
            }
        }

        return total;
    }

    private (double Loss, double Entropy) Loss(Completions shown, double weight, (int First, int Count) rows, Action<Tensor> part)
    {
        var tokens = (double)shown.Lengths.Sum();
        var (sum, entropy) = (0.0, 0.0);
        var end = rows.First + rows.Count;
        for (var first = rows.First; first < end; first += _config.PromptsAtOnce)
        {
            using var scope = NewDisposeScope();
            using var tape = is_grad_enabled() ? new GradientTape { RecomputesLayers = _config.Recompute } : null;
            var scores = shown.LogProbs(Policy.Model, first, Math.Min(_config.PromptsAtOnce, end - first), EntropyUse.Logged, tape);
            var loss = -(scores.Logps * scores.Mask).sum() / tokens;
            part(loss * weight);
            tape?.Backward();
            sum += loss.item<float>();
            entropy += (scores.Entropy! * scores.Mask).sum().item<float>() / tokens;
        }

        return (sum, entropy);
    }

    private Dictionary<string, double> Measure(SampleSet data)
    {
        using var noGrad = no_grad();
        Dictionary<string, (double Sum, int Tokens)> sums = [];
        foreach (var samples in HeldOutRows.Read(data, _demonstrations.Unfit, _config.EvalRows, _config.BatchSize))
        {
            SafeCollection.Here();
            using var images = _demonstrations.Images(samples, 0, hides: false);
            using var answers = _demonstrations.Answers(samples);
            foreach (var shown in new Completions?[] { images, answers }.OfType<Completions>())
            {
                var (sum, tokens) = sums.GetValueOrDefault(shown.Name);
                var count = shown.Lengths.Sum();
                sums[shown.Name] = (sum + (Loss(shown, 1, (0, shown.Prompts), _ => { }).Loss * count), tokens + count);
            }
        }

        var losses = sums.ToDictionary(s => $"{MetricNames.Loss}/{s.Key}", s => s.Value.Sum / s.Value.Tokens);
        var total = (_config.ImageWeight * losses.GetValueOrDefault($"{MetricNames.Loss}/image")) + (_config.TextWeight * losses.GetValueOrDefault($"{MetricNames.Loss}/text"));
        return new Dictionary<string, double>(losses) { [MetricNames.Loss] = total, ["score"] = -total };
    }

    private CompletionTable Table(IReadOnlyList<Sample> samples) => new(Policy)
    {
        GroupSize = 1,
        DataRows = [.. samples.Select(s => s.Id)],
        Prompts = [.. samples.Select(s => s.Prompt ?? "")],
        Questions = [.. samples.Select(s => s.Question ?? "")],
        Answers = [.. samples.Select(s => s.Answer ?? "")],
        Tokens = [.. samples.Select(s => s.Answer is { } answer ? Policy.Prompt.Answer(answer) : [])],
        Codes = null,
    };
}
