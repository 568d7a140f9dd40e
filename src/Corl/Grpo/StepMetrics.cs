using Corl.Data;
using Corl.Distributed;
using Corl.Reports;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>Gathers what a step logs, under TRL's names and the project's own; <c>docs/metrics.md</c> defines each.</summary>
/// <param name="updates">Updates with this step's batch; what the updates log is averaged over them.</param>
internal sealed class StepMetrics(int updates)
{
    private readonly Dictionary<string, double> _values = []; // of the whole batch, the same in every process
    private readonly Parts _own = new([], [], []);            // of the micro-batches of this process
    private int _updates;

    /// <summary>Adds a micro-batch's loss and how far its log-probabilities are from those kept in sampling.</summary>
    public void Trained(string modality, GrpoLoss loss, TokenScores scores, Tensor? old, Tensor sampled, BatchTotals whole)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (logps, mask) = scores;
        var tokens = mask.sum().item<float>();
        Add(MetricNames.Loss, loss.Total.item<float>() / updates);
        Add($"loss/{modality}", loss.Total.item<float>() / updates);
        Add(MetricNames.Kl, loss.Kl.item<float>() / updates);
        Add($"kl/{modality}", loss.Kl.item<float>() / updates);
        if (_updates == 0) // later updates move the policy away from what was sampled
        {
            var difference = (logps - sampled).abs() * mask;
            Add(MetricNames.LogpAbsDiff(modality), difference.sum().item<float>() / whole.Tokens);
            Raise(MetricNames.LogpAbsDiff(modality) + "_max", difference.max().item<float>());
        }

        if (_updates == 0 && scores.Entropy is { } entropy)
        {
            Add($"{MetricNames.Entropy}/{modality}", (entropy * mask).sum().item<float>() / whole.Tokens);
        }

        if (old is not null)
        {
            var ratio = (((logps - old) * mask).exp() * mask).sum().item<float>() / tokens;
            Add($"ratio/{modality}/mean", ratio * tokens / whole.Tokens / updates);
        }
    }

    /// <summary>Adds how many of a micro-batch's tokens a loss variant's clipping holds; the paper's loss has none.</summary>
    public void Clipped(string modality, Tensor logps, Tensor? old, Tensor advantage, Tensor mask, BatchTotals whole, LossVariant? variant)
    {
        if (variant is null)
        {
            return;
        }

        var share = mask.sum().item<float>() / whole.Tokens / updates;
        foreach (var (name, value) in LossMetrics.Of(logps, old, null, advantage, mask, variant))
        {
            var key = $"{name}/{modality}";
            if (name.EndsWith("_min", StringComparison.Ordinal))
            {
                _own.Least[key] = Math.Min(_own.Least.GetValueOrDefault(key, double.PositiveInfinity), value);
            }
            else if (name.EndsWith("_max", StringComparison.Ordinal))
            {
                Raise(key, value);
            }
            else
            {
                Add(key, value * share);
            }
        }
    }

    /// <summary>Adds an update's gradient norm and learning rate.</summary>
    public void Updated(Applied applied)
    {
        _updates++;
        _values[MetricNames.GradNorm] = applied.Norm.Norm;
        _values[MetricNames.LearningRate] = applied.Rate;
        _values["skipped_updates"] = _values.GetValueOrDefault("skipped_updates") + (applied.Fault is null ? 0 : 1);
    }

    /// <summary>Adds how many batches were sampled for the step, and the share of their groups that teach nothing.</summary>
    public void Drawn(int batches, double flatShare)
    {
        _values["sampling/batches"] = batches;
        _values["sampling/frac_flat"] = flatShare;
    }

    /// <summary>Adds what the rollout gave: lengths, every reward's mean and spread, groups that teach nothing.</summary>
    public void Sampled(SampleBatch batch, CompletionSet completions, RewardTable table, int groupSize)
    {
        _values[MetricNames.Epoch] = batch.Epoch;
        _values[MetricNames.BadRows] = batch.Skipped.Count;
        using var scope = NewDisposeScope();
        Rewards(MetricNames.Reward, MetricNames.RewardStd, table.Total, groupSize);
        _values[MetricNames.FracRewardZeroStd] = FlatShare(table.Total, groupSize);
        foreach (var (name, values) in table.Named())
        {
            Rewards(MetricNames.RewardMean(name), MetricNames.RewardGroupStd(name), values, groupSize);
            if (values.Any(value => value is not null))
            {
                _values[MetricNames.RewardFracZeroStd(name)] = FlatShare(values, groupSize);
            }
        }

        foreach (var column in table.Columns)
        {
            _values[MetricNames.RewardFailed(column.Name)] = column.Failed;
        }

        if (completions.Answers is { } answers)
        {
            _values[MetricNames.MeanLength] = answers.Lengths.Average();
            _values[MetricNames.MinLength] = answers.Lengths.Min();
            _values[MetricNames.MaxLength] = answers.Lengths.Max();
            _values[MetricNames.ClippedRatio] = answers.Clipped / (double)answers.Lengths.Count;
        }

        _values[MetricNames.NumTokens] = completions.All.Sum(c => c.Lengths.Sum());
    }

    /// <summary>All metrics of the step: of all processes together, the times of this one.</summary>
    public IReadOnlyDictionary<string, double> Values(PhaseClock clock, IProcessGroup processes)
    {
        var all = processes.GatherAs(_own);
        Join(all.SelectMany(parts => parts.Sums), Enumerable.Sum);
        Join(all.SelectMany(parts => parts.Least), Enumerable.Min);
        Join(all.SelectMany(parts => parts.Most), Enumerable.Max);
        foreach (var (phase, seconds) in clock.Seconds)
        {
            _values[MetricNames.Time(phase)] = seconds;
        }

        _values[MetricNames.StepTime] = clock.Whole;
        return _values;
    }

    private void Rewards(string mean, string spread, float?[] values, int groupSize)
    {
        var known = values.Where(v => v is not null).Select(v => (double)v!).ToList();
        if (known.Count == 0)
        {
            return;
        }

        _values[mean] = known.Average();
        // Mean over groups of the standard deviation (n − 1) within a group: what an advantage can see.
        var deviations = values.Chunk(groupSize).Select(group => Deviation([.. group.Where(v => v is not null).Select(v => (double)v!)])).Where(double.IsFinite).ToList();
        _values[spread] = deviations.Count == 0 ? 0 : deviations.Average();
    }

    private static double FlatShare(float?[] values, int groupSize)
    {
        using var grouped = GroupAdvantage.Grouped(values, groupSize);
        return GroupAdvantage.CountFlat(grouped) / (double)grouped.shape[0];
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Length == 0 ? 0 : values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    private void Join(IEnumerable<KeyValuePair<string, double>> parts, Func<IEnumerable<double>, double> join)
    {
        foreach (var group in parts.GroupBy(part => part.Key, part => part.Value))
        {
            _values[group.Key] = join(group);
        }
    }

    private void Add(string name, double value) => _own.Sums[name] = _own.Sums.GetValueOrDefault(name) + value;

    private void Raise(string name, double value) => _own.Most[name] = Math.Max(_own.Most.GetValueOrDefault(name), value);

    private sealed record Parts(Dictionary<string, double> Sums, Dictionary<string, double> Least, Dictionary<string, double> Most);
}
