using Corl.Data;
using Corl.Distributed;
using Corl.Reports;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;

namespace Corl.Grpo;

/// <summary>
/// The rewards of a policy on held-out rows, one candidate each, drawn with the same random numbers every time: images as in training,
/// answers greedily or as in training.
/// </summary>
/// <param name="policy">The policy.</param>
/// <param name="stage">What is sampled, and how many rows.</param>
/// <param name="rewards">The rewards.</param>
/// <param name="data">The held-out rows.</param>
public sealed class HeldOutRewards(Policy policy, StageConfig stage, RewardSum rewards, SampleSet data)
{
    /// <summary>For <see cref="TrainingRun"/>: states are compared by the mean of the weighted sum.</summary>
    public Validation Validation => new(Measure, MetricNames.Reward);

    /// <summary>The mean of every reward that applies, of their parts, and of the weighted sum.</summary>
    /// <exception cref="UserException">No row can be used.</exception>
    public IReadOnlyDictionary<string, double> Measure()
    {
        var sampling = new SamplingConfig { Guidance = stage.Guidance, Temperature = stage.Temperature, TopK = stage.TopK, MaxNewTokens = stage.MaxCompletionLength };
        RolloutEngine Engine(SamplingConfig config) => new(policy, config, groupSize: 1, stage.Seed) { Purpose = "eval", PromptsAtOnce = stage.PromptsAtOnce * stage.GroupSize };
        var (painter, respondent) = (Engine(sampling), Engine(sampling with { Greedy = stage.EvalGreedy }));
        Dictionary<string, (double Sum, int Count)> sums = [];
        var drawn = 0;
        foreach (var samples in HeldOutRows.Read(data, new RowFilter(policy, stage).Unfit, stage.EvalRows, stage.PromptsAtOnce * stage.GroupSize))
        {
            SafeCollection.Here();
            using var completions = new CompletionSet(
                stage.NeedsPrompts ? painter.Images(samples, 0, drawn) : null,
                stage.NeedsQuestions ? respondent.Answers(samples, 0, drawn) : null);
            var table = completions.Score(rewards, policy, samples, groupSize: 1, new PhaseClock(), ProcessGroups.Alone);
            Add(MetricNames.Reward, table.Total);
            foreach (var (name, values) in table.Named())
            {
                Add(MetricNames.RewardMean(name), values);
            }

            drawn += samples.Length;
        }

        return sums.Where(s => s.Value.Count > 0).ToDictionary(s => s.Key, s => s.Value.Sum / s.Value.Count);

        void Add(string name, float?[] values)
        {
            var (sum, count) = sums.GetValueOrDefault(name);
            sums[name] = (sum + values.Sum(value => value ?? 0.0), count + values.Count(value => value is not null));
        }
    }
}
