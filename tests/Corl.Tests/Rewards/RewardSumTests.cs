using Corl.Rewards;

namespace Corl.Tests.Rewards;

public class RewardSumTests
{
    private static readonly Candidates TwoPromptsOfTwo = new() { GroupSize = 2, Prompts = ["a star", "two stars"] };

    [Fact]
    public void Score_PaperSum_IsCyclePlusTimPlusLambdaTimesTheRest()
    {
        // Eq. (5) with λ = 0.8: 1.5 + 0.25 + 0.8 · (1 + 1) = 3.35; the second row 0.5 − 0.25 + 0.8 · 0 = 0.25.
        var sum = new RewardSum(
            new RewardTerm(new Given("cycle", Modality.Image, [1.5f, 0.5f, 0, 0])),
            new RewardTerm(new Given("tim", Modality.Image, [0.25f, -0.25f, 0, 0])),
            new RewardTerm(new Given("accuracy", Modality.Text, [1, 0, 0, 0]), 0.8),
            new RewardTerm(new Given("format", Modality.Text, [1, 0, 0, 0]), 0.8));

        var table = sum.Score(TwoPromptsOfTwo);

        Assert.Equal(3.35f, table.Total[0]!.Value, 1e-6f);
        Assert.Equal(0.25f, table.Total[1]!.Value, 1e-6f);
        Assert.Equal(1.75f, table.TotalOf(Modality.Image)[0]!.Value, 1e-6f);
        Assert.Equal(1.6f, table.TotalOf(Modality.Text)[0]!.Value, 1e-6f);
    }

    [Fact]
    public void Score_RewardDoesNotApply_LeavesTheRowToTheOthers()
    {
        var sum = new RewardSum(new RewardTerm(new Given("a", Modality.Image, [1, null, null, 4])), new RewardTerm(new Given("b", Modality.Text, [10, 20, null, null])));

        var table = sum.Score(TwoPromptsOfTwo);

        Assert.Equal([11f, 20f, null, 4f], table.Total);
        Assert.Equal([1f, null, null, 4f], table.TotalOf(Modality.Image));
    }

    [Fact]
    public void Score_NotANumber_CountsAsTheFloorAndIsCounted()
    {
        var sum = new RewardSum(new RewardTerm(new Given("a", Modality.Image, [float.NaN, 1, float.PositiveInfinity, null])) { Floor = -1 });

        var table = sum.Score(TwoPromptsOfTwo);

        Assert.Equal([-1f, 1f, -1f, null], table.Total);
        Assert.Equal(2, table.Columns[0].Failed);
    }

    [Fact]
    public void Score_WeightZero_LogsTheColumnWithoutCounting()
    {
        var sum = new RewardSum(new RewardTerm(new Given("a", Modality.Image, [1, 1, 1, 1])), new RewardTerm(new Given("watched", Modality.Text, [9, 9, 9, 9]), 0));

        var table = sum.Score(TwoPromptsOfTwo);

        Assert.Equal([1f, 1f, 1f, 1f], table.Total);
        Assert.Equal(9f, table.Columns[1].Values[0]);
        Assert.False(sum.Has(Modality.Text));
    }

    [Fact]
    public void Named_PartsFollowTheirReward()
    {
        var parts = new Dictionary<string, float?[]> { ["lpips"] = [1, 1, 1, 1], ["spice"] = [0, 0, 0, 0] };
        var table = new RewardSum(new RewardTerm(new Given("cycle", Modality.Image, [1, 1, 1, 1]) { Parts = parts })).Score(TwoPromptsOfTwo);

        Assert.Equal(["cycle", "cycle/lpips", "cycle/spice"], table.Named().Select(column => column.Key));
    }

    [Fact]
    public void Constructor_TwoRewardsOfOneName_IsRefusedByName()
    {
        var error = Assert.Throws<UserException>(() => new RewardSum(new RewardTerm(new Given("a", Modality.Image, [])), new RewardTerm(new Given("a", Modality.Text, []))));
        Assert.Contains("\"a\"", error.Message, StringComparison.Ordinal);
    }

    private sealed class Given(string name, Modality judges, float?[] values) : IReward
    {
        public IReadOnlyDictionary<string, float?[]> Parts { get; init; } = new Dictionary<string, float?[]>();

        public string Name => name;

        public Modality Judges => judges;

        public Scores Score(Candidates candidates) => new(values) { Parts = Parts };
    }
}
