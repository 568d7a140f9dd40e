using Corl.Grpo;
using Corl.Rewards;
using Corl.Training;

namespace Corl.Tests.Grpo;

/// <summary>Groups whose candidates do not differ in reward are replaced by others, as far as the data and the limit go.</summary>
public sealed class ResamplingTests
{
    private static readonly StageConfig Stage = GrpoTrainerTests.Stage(StageTasks.T2i) with { Steps = 3, BatchSize = 2, Resamples = 5, Rewards = new Dictionary<string, double> { ["long"] = 1 } };

    [Fact]
    public void Update_HalfOfTheGroupsAreFlat_TrainsOnOthers()
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage, new RewardSum(new RewardTerm(new LongPrompts(), 1)), samples);
        for (var step = 0; step < 3; step++)
        {
            var result = trainer.Update();
            Assert.Equal(0, result.Metrics["frac_reward_zero_std"]);
            Assert.All(result.Completions.Prompts, prompt => Assert.Equal("the blue square and a dog on it", prompt));
            Assert.Equal(Stage.BatchSize * Stage.GroupSize, result.Completions.Codes!.Count);
            Assert.InRange(result.Metrics["sampling/batches"], 1, 6);
        }

        // A third of the rows has the short prompt: three batches are not enough for three steps.
        Assert.True(trainer.State().DataPosition > 3 * Stage.BatchSize);
    }

    [Fact]
    public void Update_EveryGroupIsFlat_EndsAtTheLimitAndMovesNothing()
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage with { Beta = 0, Resamples = 2 }, new RewardSum(new RewardTerm(new Constant(), 1)), samples);
        var result = trainer.Update();
        Assert.Equal((3, 1, 1, 0), (result.Metrics["sampling/batches"], result.Metrics["sampling/frac_flat"], result.Metrics["frac_reward_zero_std"], result.Metrics["grad_norm"]));
        Assert.Equal(3 * Stage.BatchSize, trainer.State().DataPosition);
    }

    [Fact]
    public void Resume_BetweenResampledSteps_EqualsTheUninterruptedRunToTheBit()
    {
        using var folder = new TemporaryFolder();
        using var samples = GrpoTrainerTests.Samples();
        var rewards = new RewardSum(new RewardTerm(new LongPrompts(), 1));
        using var whole = GrpoTrainerTests.LoadPolicy();
        using (var trainer = new GrpoTrainer(whole, Stage, rewards, samples))
        {
            while (trainer.StepsMade < trainer.TotalSteps)
            {
                trainer.Update();
            }
        }

        for (var done = 0; done < Stage.Steps; done++)
        {
            using var parts = GrpoTrainerTests.LoadPolicy();
            using var trainer = new GrpoTrainer(parts, Stage, rewards, samples, RunState.Latest(folder.Path));
            trainer.Update();
            trainer.State().Save(folder.Path, kept: 1);
            if (done == Stage.Steps - 1)
            {
                Assert.All(whole.Model.named_parameters().Zip(parts.Model.named_parameters()), pair => Assert.True(pair.First.parameter.Equals(pair.Second.parameter), pair.First.name));
            }
        }
    }

    /// <summary>Mean code of an image, where its prompt is the long one; the same for all images of the short one.</summary>
    private sealed class LongPrompts : IReward
    {
        public string Name => "long";

        public Modality Judges => Modality.Image;

        public Scores Score(Candidates candidates)
        {
            var codes = candidates.Codes!.to(TorchSharp.torch.float32).mean([1]).data<float>().ToArray();
            return codes.Select((code, row) => (float?)(candidates.Prompts[candidates.PromptOf(row)].Length > 10 ? code : 1)).ToArray();
        }
    }

    private sealed class Constant : IReward
    {
        public string Name => "constant";

        public Modality Judges => Modality.Image;

        public Scores Score(Candidates candidates) => Enumerable.Repeat(0.3f, candidates.Count).ToArray();
    }
}
