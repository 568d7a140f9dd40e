using Corl.Distributed;
using Corl.Data;
using Corl.Grpo;
using Corl.Rewards;
using Corl.Training;

namespace Corl.Tests.Grpo;

public sealed class StepMetricsTests
{
    [Fact]
    public void Sampled_TwoGroups_LogsEveryRewardsMeanSpreadAndFlatGroups()
    {
        // Groups of 2: "given" spreads by 1 in the first (standard deviation 1/√2) and by 0 in the second; "half" applies to the second only, flat.
        var sum = new RewardSum(new RewardTerm(new Given("given", [0, 1, 2, 2])), new RewardTerm(new Given("half", [null, null, 3, 3]), Weight: 2));
        var table = sum.Score(new Candidates { GroupSize = 2, Prompts = ["a", "b"] });
        var metrics = new StepMetrics(updates: 1);
        metrics.Sampled(new SampleBatch([], Next: 2, Epoch: 0.5, Skipped: []), new CompletionSet(null, null), table, groupSize: 2);
        var values = metrics.Values(new PhaseClock(), ProcessGroups.Alone);
        var deviation = Math.Sqrt(0.5) / 2;
        (string Name, double Value)[] expected =
        [
            ("reward", (0 + 1 + 8 + 8) / 4.0), ("reward_std", deviation), ("frac_reward_zero_std", 0.5),
            ("rewards/given/mean", 5 / 4.0), ("rewards/given/group_std", deviation), ("rewards/given/frac_zero_std", 0.5), ("rewards/given/failed", 0),
            ("rewards/half/mean", 3), ("rewards/half/group_std", 0), ("rewards/half/frac_zero_std", 0.5),
        ];
        foreach (var (name, value) in expected)
        {
            Close.To(value, values[name], 1e-12, what: name);
        }
    }

    private sealed class Given(string name, float?[] values) : IReward
    {
        public string Name => name;

        public Modality Judges => Modality.Text;

        public Scores Score(Candidates candidates) => values;
    }
}
