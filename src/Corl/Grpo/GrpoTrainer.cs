using Corl.Data;
using Corl.Distributed;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>
/// Group relative policy optimisation of a unified model: the paper's §3.1 and §3.3, both stages and the paradigms of §3.2. What a
/// stage samples, which rewards it sums and whether β is 0 is data, a <see cref="StageConfig"/>. <see cref="Update"/> is the algorithm.
/// <para>Departures from the paper: none by default. Departures from the reference code, each with a switch: image tokens are scored by
/// the state before them (<see cref="StageConfig.LegacyImageOffset"/>); answers are drawn from all tokens
/// (<see cref="StageConfig.TopK"/>); empty answers weigh nothing instead of making the loss NaN.</para>
/// <para>Every random number comes from a stream named by (seed, step, sample, place) and the data order from (seed, epoch), so a run is a
/// pure function of its configuration and goes on from a checkpoint as if it had never stopped.</para>
/// </summary>
public sealed class GrpoTrainer : ITrainer
{
    private readonly StageConfig _stage;
    private readonly RewardSum _rewards;
    private readonly JanusPro? _reference; // π_ref; null when β is 0
    private readonly Learner _learner;
    private readonly RolloutEngine _engine;
    private readonly SampleBatches _batches;

    /// <summary>Prepares a stage.</summary>
    /// <param name="policy">The policy to train; its present weights are π_ref.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="rewards">The rewards and their weights, Eq. (5).</param>
    /// <param name="samples">The data.</param>
    /// <param name="resume">Where an earlier run of the same stage stopped; null starts afresh.</param>
    /// <param name="processes">Who trains together: each samples, scores and differentiates its share of every batch; null for this process alone.</param>
    /// <exception cref="UserException">The stage and the data or the rewards do not fit together, or the processes have different weights.</exception>
    public GrpoTrainer(Policy policy, StageConfig stage, RewardSum rewards, SampleSet samples, RunState? resume = null, IProcessGroup? processes = null)
    {
        (Policy, _stage, _rewards, Processes) = (policy, stage.Validated(), rewards, processes ?? ProcessGroups.Alone);
        _reference = stage.Beta > 0 ? policy.Snapshot(stage.TrainableParts) : null;
        _learner = new Learner(policy, stage, stage.TotalSteps(samples.Count), resume, Processes);
        var sampling = new SamplingConfig { Guidance = stage.Guidance, Temperature = stage.Temperature, TopK = stage.TopK, MaxNewTokens = stage.MaxCompletionLength };
        _engine = new RolloutEngine(policy, sampling, stage.GroupSize, stage.Seed) { PromptsAtOnce = stage.PromptsAtOnce, LegacyImageOffset = stage.LegacyImageOffset, Processes = Processes };
        _batches = samples.Batches(stage.Seed, stage.BatchSize, _learner.DataPosition, new RowFilter(policy, stage).Unfit);
    }

    /// <inheritdoc/>
    public TrainingConfig Settings => _stage;

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

    /// <summary>
    /// Eq. (6): maximises (1/G) Σ_i π_θ(o_i) / π_θold(o_i) · A_i over candidates o_i = (I_i, T_i) by one update of the policy; in the
    /// refined stages o_i is the image or the answer alone and the KL term of Eq. (2) comes back.
    /// </summary>
    /// <param name="cancellation">Stops before anything is changed.</param>
    /// <returns>Metrics and what was sampled.</returns>
    public StepResult Update(CancellationToken cancellation = default)
    {
        SafeCollection.Here();
        _learner.ZeroGrad(); // the last update's gradients are in nobody's way while this one samples
        var (clock, metrics) = (new PhaseClock(), new StepMetrics(_stage.UpdatesPerBatch));
        using var groups = Groups(clock, metrics, cancellation);             // o_i ~ π_θold and their rewards, Eq. (3)–(5)
        cancellation.ThrowIfCancellationRequested();

        string? fault = null;
        for (var i = 0; i < _stage.UpdatesPerBatch && fault is null; i++)
        {
            _learner.ZeroGrad();
            foreach (var completion in groups.Completions.All)               // images, answers or both
            {
                var advantage = Advantage(groups.Rewards, completion);       // Eq. (1)
                clock.Time("backward", () => Accumulate(completion, advantage, metrics)); // Eq. (2), (6)
            }

            var applied = _learner.Apply(clock);                             // θ moves
            metrics.Updated(applied);
            fault = _stage.SkipBadUpdates ? null : applied.Fault;
        }

        if (fault is null)
        {
            _learner.Advance(groups.Batch.Next);
        }

        metrics.Sampled(groups.Batch, groups.Completions, groups.Rewards, _stage.GroupSize);
        return new StepResult(StepsMade, metrics.Values(clock, Processes), groups.Table(Policy)) { Fault = fault };
    }

    /// <inheritdoc/>
    public RunState State() => _learner.State();

    /// <inheritdoc/>
    public void Restore(RunState state) => state.Restore(_learner.Optimizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _reference?.Dispose();
        _learner.Dispose();
    }

    // B groups: those of the next batch of the data or, with resamples, as many as possible that teach something.
    private GroupBatch Groups(PhaseClock clock, StepMetrics metrics, CancellationToken cancellation)
    {
        List<GroupBatch> drawn = [Sample(clock, 0, cancellation)];
        (GroupBatch From, int Prompt)[] All(bool teaching) =>
            [.. drawn.SelectMany(batch => Enumerable.Range(0, _stage.BatchSize).Where(b => batch.Teaches(b, _stage.Advantage) == teaching).Select(b => (batch, b)))];
        while (drawn.Count <= _stage.Resamples && All(teaching: true).Length < _stage.BatchSize)
        {
            drawn.Add(Sample(clock, drawn.Count * _stage.BatchSize, cancellation));
        }

        metrics.Drawn(drawn.Count, All(teaching: false).Length / (double)(drawn.Count * _stage.BatchSize));
        if (drawn.Count == 1)
        {
            return drawn[0];
        }

        var joined = GroupBatch.Join(drawn, [.. All(teaching: true).Concat(All(teaching: false)).Take(_stage.BatchSize)], _stage.GroupSize);
        drawn.ForEach(batch => batch.Dispose());
        return joined;
    }

    private GroupBatch Sample(PhaseClock clock, int drawnBefore, CancellationToken cancellation)
    {
        var batch = clock.Time("data", () => _batches.Next(cancellation));
        var completions = new CompletionSet(
            _stage.TrainsImages(StepsMade) ? clock.Time("rollout_image", () => _engine.Images(batch.Samples, StepsMade, drawnBefore)) : null, // I_i
            _stage.TrainsText(StepsMade) ? clock.Time("rollout_text", () => _engine.Answers(batch.Samples, StepsMade, drawnBefore)) : null); // T_i
        var rewards = completions.Score(_rewards, Policy, batch.Samples, _stage.GroupSize, clock, Processes); // R_i
        return new GroupBatch(batch, completions, rewards, _stage.GroupSize);
    }

    // Joint: one A_i of the whole reward drives the image and the answer of a candidate. Otherwise each modality has its own.
    private Tensor Advantage(RewardTable table, Completions completion)
    {
        var modality = completion is ImageCompletions ? Modality.Image : Modality.Text;
        var rewards = _stage.Advantage == AdvantageKind.Joint ? table.Total : table.TotalOf(modality);
        using var scope = NewDisposeScope();
        return GroupAdvantage.Of(rewards, _stage.GroupSize, _stage.AdvantageScale).to(ScalarType.Float32).to(Policy.Model.Device).MoveToOuterDisposeScope(); // [N]
    }

    // Adds the gradient of the batch's loss, a micro-batch at a time; the parts of all processes add up to the whole.
    private void Accumulate(Completions completion, Tensor advantage, StepMetrics metrics)
    {
        using var scope = NewDisposeScope();
        scope.Attach(advantage);
        var whole = new BatchTotals(completion.Lengths.Count, completion.Lengths.Sum());
        var (start, own) = Processes.Share(completion.Prompts);
        for (var first = start; first < start + own; first += _stage.PromptsAtOnce)
        {
            using var part = NewDisposeScope();
            using var tape = new GradientTape { RecomputesLayers = _stage.Recompute };
            var count = Math.Min(_stage.PromptsAtOnce, start + own - first);
            var some = advantage.narrow(0, first * _stage.GroupSize, count * _stage.GroupSize);
            var scores = completion.LogProbs(Policy.Model, first, count, LossVariant.EntropyOf(_stage.Loss), tape); // [n, L], carries the gradient
            var (logps, mask) = scores;
            var old = _stage.UpdatesPerBatch == 1 ? null : completion.OldLogps(first, logps);                  // null: π_θ is π_θold
            var reference = ReferenceLogps(completion, first, count);
            var loss = GrpoLoss.Compute(logps, old, reference, some, mask, _stage.Beta, whole, _stage.Loss, scores.Entropy);
            loss.Total.backward();
            tape.Backward();
            metrics.Trained(completion.Name, loss, scores, old, completion.SampledLogps(first, count, logps.shape[1]), whole);
            metrics.Clipped(completion.Name, logps, old, some, mask, whole, _stage.Loss);
        }
    }

    private Tensor? ReferenceLogps(Completions completion, int first, int count)
    {
        if (_reference is null)
        {
            return null;
        }

        using var noGrad = no_grad();
        var (logps, mask) = completion.LogProbs(_reference, first, count);
        mask.Dispose();
        return logps;
    }
}
