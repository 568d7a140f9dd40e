using System.Diagnostics;
using Corl.Data;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using TorchSharp.Modules;
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
public sealed class GrpoTrainer : IDisposable
{
    private readonly Policy _policy;
    private readonly StageConfig _stage;
    private readonly RewardSum _rewards;
    private readonly JanusPro? _reference; // π_ref; null when β is 0
    private readonly RolloutEngine _engine;
    private readonly SampleBatches _batches;

    /// <summary>Prepares a stage.</summary>
    /// <param name="policy">The policy to train; its present weights are π_ref.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="rewards">The rewards and their weights, Eq. (5).</param>
    /// <param name="samples">The data.</param>
    /// <param name="resume">Where an earlier run of the same stage stopped; null starts afresh.</param>
    /// <exception cref="UserException">The stage and the data or the rewards do not fit together.</exception>
    public GrpoTrainer(Policy policy, StageConfig stage, RewardSum rewards, SampleSet samples, RunState? resume = null)
    {
        (_policy, _stage, _rewards) = (policy, stage.Validated(), rewards);
        TotalSteps = stage.TotalSteps(samples.Count);
        _reference = stage.Beta > 0 ? policy.Snapshot(stage.TrainableParts) : null;
        Optimizer = new AdamW(Unfreeze())
        {
            Beta1 = stage.AdamBeta1,
            Beta2 = stage.AdamBeta2,
            Epsilon = stage.AdamEpsilon,
            WeightDecay = stage.WeightDecay,
        };
        resume?.Restore(Optimizer);
        (Step, DataPosition) = (resume?.Step ?? 0, resume?.DataPosition ?? 0);
        var sampling = new SamplingConfig { Guidance = stage.Guidance, Temperature = stage.Temperature, TopK = stage.TopK, MaxNewTokens = stage.MaxCompletionLength };
        _engine = new RolloutEngine(policy, sampling, stage.GroupSize, stage.Seed) { PromptsAtOnce = MicroBatch, LegacyImageOffset = stage.LegacyImageOffset };
        _batches = samples.Batches(stage.Seed, stage.BatchSize, DataPosition, Unfit);
    }

    /// <summary>Updates made so far, with those before a resume.</summary>
    public long Step { get; private set; }

    /// <summary>Updates of the whole stage.</summary>
    public long TotalSteps { get; }

    /// <summary>Where the data stand: the position after the batch of the last update that was finished.</summary>
    public long DataPosition { get; private set; }

    /// <summary>Rows of the data that were skipped, and why.</summary>
    public IReadOnlyList<BadRow> BadRows => _batches.BadRows;

    /// <summary>The optimizer, for checkpoints.</summary>
    internal AdamW Optimizer { get; }

    private int MicroBatch => _stage.MicroBatchSize == 0 ? _stage.BatchSize : _stage.MicroBatchSize;

    /// <summary>
    /// Eq. (6): maximises (1/G) Σ_i π_θ(o_i) / π_θold(o_i) · A_i over candidates o_i = (I_i, T_i) by one update of the policy; in the
    /// refined stages o_i is the image or the answer alone and the KL term of Eq. (2) comes back.
    /// </summary>
    /// <param name="cancellation">Stops before anything is changed.</param>
    /// <returns>Metrics and what was sampled.</returns>
    public StepResult Update(CancellationToken cancellation = default)
    {
        SafeCollection.Here();
        var clock = new PhaseClock();
        var batch = clock.Time("data", () => _batches.Next(cancellation));
        using var completions = new CompletionSet(
            _stage.TrainsImages(Step) ? clock.Time("rollout_image", () => _engine.Images(batch.Samples, Step)) : null, // o_i = (I_i, T_i) ~ π_θold
            _stage.TrainsText(Step) ? clock.Time("rollout_text", () => _engine.Answers(batch.Samples, Step)) : null);
        var table = clock.Time("reward", () => Score(batch.Samples, completions));                                     // Eq. (3)–(5)
        cancellation.ThrowIfCancellationRequested();

        var metrics = new StepMetrics(_stage.UpdatesPerBatch);
        for (var i = 0; i < _stage.UpdatesPerBatch; i++)
        {
            Optimizer.ZeroGrad();
            foreach (var completion in completions.All) // images, answers or both
            {
                var advantage = Advantage(table, completion);                                                            // Eq. (1)
                clock.Time("backward", () => Accumulate(completion, advantage, metrics));                                 // Eq. (2), (6)
            }

            var norm = GradientClipping.Clip(Optimizer.Parameters, _stage.MaxGradNorm);
            var rate = _stage.LearningRateAt(Step, TotalSteps);
            if (norm.IsFinite)
            {
                clock.Time("optimizer", () => Optimizer.Step(rate));
            }

            metrics.Updated(norm, rate);
        }

        (Step, DataPosition) = (Step + 1, batch.Next);
        metrics.Sampled(batch, completions, table, _stage.GroupSize);

        return new StepResult(Step, metrics.Values(clock), CompletionTable.Of(batch.Samples, completions, table, _policy));
    }

    /// <summary>The state from which a run of the same stage goes on.</summary>
    public RunState State() => new(Step, DataPosition, Optimizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _reference?.Dispose();
        Optimizer.Dispose();
    }

    // Joint: one A_i of the whole reward drives the image and the answer of a candidate. Otherwise each modality has its own.
    private Tensor Advantage(RewardTable table, Completions completion)
    {
        var modality = completion is ImageCompletions ? Modality.Image : Modality.Text;
        var rewards = _stage.Advantage == AdvantageKind.Joint ? table.Total : table.TotalOf(modality);
        using var scope = NewDisposeScope();
        return GroupAdvantage.Of(rewards, _stage.GroupSize, _stage.AdvantageScale).to(ScalarType.Float32).to(_policy.Model.Device).MoveToOuterDisposeScope(); // [N]
    }

    // Adds the gradient of the batch's loss, a micro-batch at a time; the parts add up to the whole.
    private void Accumulate(Completions completion, Tensor advantage, StepMetrics metrics)
    {
        using var scope = NewDisposeScope();
        scope.Attach(advantage);
        var whole = new BatchTotals(completion.Lengths.Count, completion.Lengths.Sum());
        for (var first = 0; first < completion.Prompts; first += MicroBatch)
        {
            using var part = NewDisposeScope();
            var count = Math.Min(MicroBatch, completion.Prompts - first);
            var some = advantage.narrow(0, first * _stage.GroupSize, count * _stage.GroupSize);
            var (logps, mask) = completion.LogProbs(_policy.Model, first, count);                       // [n, L], carries the gradient
            var old = _stage.UpdatesPerBatch == 1 ? null : completion.OldLogps(first, logps);            // null: π_θ is π_θold
            var reference = ReferenceLogps(completion, first, count);
            var loss = GrpoLoss.Compute(logps, old, reference, some, mask, _stage.Beta, whole, _stage.Loss);
            loss.Total.backward();
            metrics.Trained(completion.Name, loss, logps, old, completion.SampledLogps(first, count, logps.shape[1]), mask, whole);
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

    private RewardTable Score(IReadOnlyList<Sample> samples, CompletionSet completions)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _rewards.Score(new Candidates
        {
            GroupSize = _stage.GroupSize,
            Prompts = Prompts(samples),
            Images = completions.Images is { } images ? RolloutEngine.Paint(_policy.Model, images.Codes) : null,
            Codes = completions.Images?.Codes,
            RealImages = [.. samples.Select(s => s.RealImage)],
            Questions = [.. samples.Select(s => s.Question ?? "")],
            Answers = [.. samples.Select(s => s.Answer ?? "")],
            Types = [.. samples.Select(s => s.Type ?? QuestionType.OpenEnded)],
            Responses = completions.Answers?.Ids.Select(ids => _policy.Prompt.Tokenizer.Decode(ids)).ToList(),
        });
    }

    private static List<string> Prompts(IReadOnlyList<Sample> samples) => [.. samples.Select(s => s.Prompt ?? "")];

    // Why a row cannot be used in this stage, or null.
    private string? Unfit(Sample sample)
    {
        if (_stage.NeedsPrompts && Long(sample.Prompt, _policy.Prompt.TextToImage) is { } prompt)
        {
            return $"prompt {prompt}";
        }

        if (!_stage.NeedsQuestions)
        {
            return null;
        }

        var wanted = _stage.Tasks switch { StageTasks.Mcq => QuestionType.MultipleChoice, StageTasks.Oe => QuestionType.OpenEnded, _ => sample.Type };
        return sample.Type != wanted ? $"question is {sample.Type}, the stage trains {wanted}"
            : sample.RealImage is null ? "image is missing"
            : sample.Answer is null ? "answer is missing"
            : Long(sample.Question, text => _policy.Prompt.Question(text)) is { } question ? $"question {question}" : null;
    }

    private string? Long(string? text, Func<string, int[]> encode) =>
        string.IsNullOrWhiteSpace(text) ? "is empty"
        : encode(text).Length is var length && length > _stage.MaxPromptLength ? $"has {length} tokens, more than max_prompt_length {_stage.MaxPromptLength}" : null;

    // Under an adapter, the adapter alone.
    private List<(string Name, Parameter Parameter)> Unfreeze()
    {
        var trained = _policy.Model.Adapter is { } adapter ? [.. adapter.Trained(_policy.Model)] : _policy.Model.named_parameters().Where(p => Policy.IsIn(_stage.TrainableParts, p.name)).ToList();
        foreach (var part in _stage.TrainableParts.Where(part => _policy.Model.Adapter is null && !trained.Any(p => Policy.IsIn([part], p.name))))
        {
            throw new UserException($"stage {_stage.Name}: trainable_parts names {part}, which the model does not have; its parts are {string.Join(", ", _policy.Model.named_children().Select(c => c.name))}");
        }

        foreach (var (_, parameter) in trained)
        {
            parameter.requires_grad = true;
        }

        return trained;
    }
}

/// <summary>What one update did.</summary>
/// <param name="Step">Updates made, with this one.</param>
/// <param name="Metrics">By the names of docs/metrics.md.</param>
/// <param name="Completions">Every candidate with its rewards.</param>
public sealed record StepResult(long Step, IReadOnlyDictionary<string, double> Metrics, CompletionTable Completions);

/// <summary>What a step sampled, by modality; owns it.</summary>
internal sealed class CompletionSet(ImageCompletions? images, TextCompletions? answers) : IDisposable
{
    public ImageCompletions? Images { get; } = images;

    public TextCompletions? Answers { get; } = answers;

    public IEnumerable<Completions> All => new Completions?[] { Images, Answers }.OfType<Completions>();

    public void Dispose()
    {
        Images?.Dispose();
        Answers?.Dispose();
    }
}

/// <summary>Seconds by phase of a step.</summary>
internal sealed class PhaseClock
{
    private readonly Stopwatch _whole = Stopwatch.StartNew();
    private readonly Dictionary<string, double> _seconds = [];

    /// <summary>Seconds of each phase.</summary>
    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    /// <summary>Seconds since the step began.</summary>
    public double Whole => _whole.Elapsed.TotalSeconds;

    public T Time<T>(string phase, Func<T> work)
    {
        var begin = _whole.Elapsed;
        var result = work();
        _seconds[phase] = _seconds.GetValueOrDefault(phase) + (_whole.Elapsed - begin).TotalSeconds;
        return result;
    }

    public void Time(string phase, Action work) => Time(phase, () =>
    {
        work();
        return 0;
    });
}
