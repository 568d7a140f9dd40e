using System.Text.Json;
using Corl.Grpo;
using static TorchSharp.torch;

namespace Corl.Tests.Grpo;

public sealed class GroupAdvantageTests
{
    [Fact]
    public void Of_TwoByTwo_IsDistanceFromMeanOverUnbiasedDeviation()
    {
        using var scope = NewDisposeScope();
        var advantage = GroupAdvantage.Of(tensor(new[,] { { 1.0, 3.0 }, { 0.0, -4.0 } }));

        // std of {1, 3} with n − 1 = 1 is √2, of {0, −4} √8
        Close.To([-1 / (Math.Sqrt(2) + 1e-4), 1 / (Math.Sqrt(2) + 1e-4), 2 / (Math.Sqrt(8) + 1e-4), -2 / (Math.Sqrt(8) + 1e-4)], advantage.data<double>().ToArray(), 1e-14);
    }

    [Theory]
    [InlineData(0.1, 3)]
    [InlineData(0.3f, 8)]
    [InlineData(1e9 + 0.1, 7)]
    [InlineData(-2.0 / 3, 5)]
    public void Of_EqualRewards_GivesExactZeros(double reward, int groupSize)
    {
        using var scope = NewDisposeScope();
        var rewards = full(2, groupSize, reward, dtype: float64);
        foreach (var scale in Enum.GetValues<AdvantageScale>())
        {
            Assert.All(GroupAdvantage.Of(rewards, scale).data<double>().ToArray(), a => Assert.Equal(0, a));
        }

        Assert.Equal(2, GroupAdvantage.CountFlat(rewards));
    }

    [Fact]
    public void CountFlat_OneGroupOfThreeEqual_IsOneAndMissingRewardsDoNotCount()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(1, GroupAdvantage.CountFlat(GroupAdvantage.Grouped([1, 1, 0.5f, 0.25f, null, null, 1, null], 2)));
    }

    [Theory]
    [InlineData(7, 2)]
    [InlineData(4, 1)]
    public void Grouped_RowsThatMakeNoGroups_Throws(int rows, int groupSize) =>
        Assert.Throws<ArgumentException>(() => GroupAdvantage.Grouped(new float?[rows], groupSize));

    public static TheoryData<int, string> Tables()
    {
        var data = new TheoryData<int, string>();
        foreach (var (i, table) in GoldenJson.Read("grpo/advantages.json").EnumerateArray().Index())
        {
            data.Add(i, table.GetProperty("name").GetString()!);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Of_GoldenTable_EqualsTrlForEveryScale(int index, string name)
    {
        using var scope = NewDisposeScope();
        var table = GoldenJson.Read("grpo/advantages.json")[index];
        var groupSize = table.GetProperty("group_size").GetInt32();
        double[][] columns = [.. table.GetProperty("rewards").EnumerateArray().Select(GoldenJson.Numbers)];
        double[] weights = table.GetProperty("reward_weights") is { ValueKind: JsonValueKind.Array } given ? GoldenJson.Numbers(given) : [.. columns.Select(_ => 1.0)];
        var total = Enumerable.Range(0, columns[0].Length).Select(i => Total([.. columns.Select(c => c[i])], weights)).ToArray();
        var rewards = tensor(total).view(-1, groupSize);

        // Where single precision cancels, TRL's numbers are off by up to this, and by 25 times that where advantages of 0.01 are whitened.
        var absolute = name is "large offset" or "tiny differences" or "one group without variance" ? 5e-4 : 2e-6;
        foreach (var trl in table.GetProperty("trl").EnumerateArray())
        {
            var scale = Enum.Parse<AdvantageScale>(trl.GetProperty("scale_rewards").GetString()!, ignoreCase: true);
            var isWhitened = trl.GetProperty("multi_objective_aggregation").GetString() == "normalize_then_sum";
            var advantage = isWhitened
                ? GroupAdvantage.OfEach([.. columns.Select(c => tensor(c).view(-1, groupSize))], weights)
                : GroupAdvantage.Of(rewards, scale);
            Close.To(GoldenJson.Numbers(trl.GetProperty("advantages")), advantage.view(-1).data<double>().ToArray(), isWhitened && name == "tiny differences" ? 1e-2 : absolute, what: $"{name}, {trl.GetProperty("scale_rewards")}, {trl.GetProperty("multi_objective_aggregation")}");
        }

        var equations = table.GetProperty("equations_float64");
        if (equations.GetProperty("every_row_has_a_reward").GetBoolean())
        {
            Close.To(GoldenJson.Numbers(equations.GetProperty("unbiased_std_plus_1e_4")), GroupAdvantage.Of(rewards).view(-1).data<double>().ToArray(), 1e-9, what: name);
            if (columns.Length == 1 && weights[0] == 1)
            {
                var each = GoldenJson.Numbers(equations.GetProperty("unbiased_std_plus_1e_4"));
                var deviation = Math.Sqrt(each.Sum(a => Math.Pow(a - each.Average(), 2)) / (each.Length - 1));
                Close.To([.. each.Select(a => (a - each.Average()) / (deviation + 1e-4))], GroupAdvantage.OfEach([rewards], weights).view(-1).data<double>().ToArray(), 1e-9, what: name);
            }
        }
    }

    private static double Total(double[] rewards, double[] weights) =>
        rewards.All(double.IsNaN) ? double.NaN : rewards.Zip(weights).Where(p => !double.IsNaN(p.First)).Sum(p => p.First * p.Second);
}
