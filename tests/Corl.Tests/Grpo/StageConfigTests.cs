using Corl.Grpo;
using Corl.Training;

namespace Corl.Tests.Grpo;

public sealed class StageConfigTests
{
    private static readonly StageConfig Unified = new()
    {
        Name = "unified",
        Tasks = StageTasks.Unified,
        GroupSize = 8,
        Beta = 0,
        MaxPromptLength = 1024,
        BatchSize = 16,
        LearningRate = 4e-6,
        Rewards = new Dictionary<string, double> { ["cycle"] = 1, ["tim"] = 1, ["accuracy"] = 0.8, ["format"] = 0.8 },
    };

    [Fact]
    public void Validated_TheTablesNumbers_Passes() => Assert.Same(Unified, Unified.Validated());

    public static TheoryData<string, StageConfig> Impossible() => new()
    {
        { "group_size is 1", Unified with { GroupSize = 1 } },
        { "beta is -0.1", Unified with { Beta = -0.1 } },
        { "beta is NaN", Unified with { Beta = double.NaN } },
        { "batch_size is 0", Unified with { BatchSize = 0 } },
        { "micro_batch_size is 17", Unified with { MicroBatchSize = 17 } },
        { "learning_rate is 0", Unified with { LearningRate = 0 } },
        { "max_grad_norm is 0", Unified with { MaxGradNorm = 0 } },
        { "temperature is 0", Unified with { Temperature = 0 } },
        { "top_k is -1", Unified with { TopK = -1 } },
        { "rewards is empty", Unified with { Rewards = new Dictionary<string, double>() } },
        { "reward \"tim\" is NaN", Unified with { Rewards = new Dictionary<string, double> { ["tim"] = double.NaN } } },
        { "per_modality needs tasks unified", Unified with { Tasks = StageTasks.T2i, Advantage = AdvantageKind.PerModality } },
        { "cispo needs loss.clip_high", Unified with { Loss = new LossVariant { Type = LossType.Cispo } } },
        { "loss.clip is -1", Unified with { Loss = new LossVariant { Clip = -1 } } },
        { "epochs is 0", Unified with { Epochs = 0 } },
        { "steps is 0", Unified with { Steps = 0 } },
    };

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public void Validated_ImpossibleSetting_ThrowsOneLineThatNamesIt(string problem, StageConfig config)
    {
        var error = Assert.Throws<UserException>(() => config.Validated());
        Assert.Contains(problem, error.Message);
        Assert.StartsWith("Stage \"unified\": ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(StageTasks.Unified, "both both both both both")]
    [InlineData(StageTasks.T2i, "image image image image image")]
    [InlineData(StageTasks.Mcq, "text text text text text")]
    [InlineData(StageTasks.Mm2t, "text text text text text")]
    [InlineData(StageTasks.Cycle, "image image text text image")]
    public void TrainsImagesAndText_EachTask_FollowsItsOrder(StageTasks tasks, string expected)
    {
        var stage = Unified with { Tasks = tasks, CycleSteps = 2 };
        var order = Enumerable.Range(0, 5).Select(step => (stage.TrainsImages(step), stage.TrainsText(step)) switch
        {
            (true, true) => "both",
            (true, false) => "image",
            (false, true) => "text",
            _ => "nothing",
        });
        Assert.Equal(expected, string.Join(' ', order));
    }

    [Theory]
    [InlineData(22_000, 1, null, 1375)] // the unified stage's 22K samples in batches of 16
    [InlineData(33, 1, null, 3)]
    [InlineData(32, 0.5, null, 1)]
    [InlineData(32, 1, 7, 7)]
    public void TotalSteps_DataAndEpochs_CountsTheLastShortBatch(long samples, double epochs, int? steps, long expected) =>
        Assert.Equal(expected, (Unified with { Epochs = epochs, Steps = steps }).TotalSteps(samples));
}
