using Corl.Data;
using Corl.Grpo;
using Corl.Imaging;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Grpo;

/// <summary>The loop: every kind of stage runs, equivalent settings agree, a resumed run equals an uninterrupted one, nothing leaks.</summary>
public sealed class GrpoTrainerTests
{
    private static readonly Dictionary<string, double> Both = new() { ["brightness"] = 1, ["length"] = 1 };

    internal static StageConfig Stage(StageTasks tasks = StageTasks.Unified) => new()
    {
        Name = "test",
        Tasks = tasks,
        GroupSize = 2,
        Beta = 0.02,
        MaxPromptLength = 64,
        MaxCompletionLength = 12,
        BatchSize = 4,
        LearningRate = 1e-3,
        Steps = 4,
        Rewards = Both,
        Seed = 7,
    };

    internal static Policy LoadPolicy() => Policy.Load(GoldenFiles.Path("janus/tiny/native"));

    internal static RewardSum Rewards(StageTasks tasks) => new([
        .. tasks is StageTasks.Mcq or StageTasks.Oe or StageTasks.Mm2t ? [] : new[] { new RewardTerm(new Brightness(), 1) },
        .. tasks is StageTasks.T2i ? [] : new[] { new RewardTerm(new Length(), 1) }]);

    internal static SampleSet Samples() => SampleSet.Generate("generated", 16, SampleParts.Prompt | SampleParts.RealImage | SampleParts.Question | SampleParts.Answer, i => new Sample
    {
        Id = $"generated, row {i}",
        Prompt = i % 3 == 0 ? "a red cat" : "the blue square and a dog on it",
        Question = "What is the red cat?",
        Answer = "A",
        Type = i % 2 == 0 ? QuestionType.MultipleChoice : QuestionType.OpenEnded,
        RealImage = new RgbImage(16, 16, [.. Enumerable.Range(0, 16 * 16 * 3).Select(k => (byte)((k * (i + 3)) % 251))]),
    });

    [Theory]
    [InlineData(StageTasks.Unified)]
    [InlineData(StageTasks.T2i)]
    [InlineData(StageTasks.Mcq)]
    [InlineData(StageTasks.Oe)]
    [InlineData(StageTasks.Mm2t)]
    [InlineData(StageTasks.Cycle)]
    public void Update_EveryKindOfStage_ChangesTheLanguageModelAlone(StageTasks tasks)
    {
        using var policy = LoadPolicy();
        var before = policy.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
        using var samples = Samples();
        using var trainer = new GrpoTrainer(policy, Stage(tasks), Rewards(tasks), samples);
        StepResult? last = null;
        for (var i = 0; i < 4; i++)
        {
            last = trainer.Update();
        }

        Assert.Equal(4, last!.Step);
        Assert.All(last.Metrics, m => Assert.True(double.IsFinite(m.Value), m.Key));
        var changed = policy.Model.named_parameters().Where(p => !p.parameter.Equals(before[p.name])).Select(p => p.name).ToList();
        Assert.All(changed, name => Assert.StartsWith("language_model.", name, StringComparison.Ordinal));
        // An image step gives lm_head no gradient; every step of answers does.
        Assert.Equal(tasks != StageTasks.T2i, changed.Contains("language_model.lm_head.weight"));
        Assert.Contains("language_model.model.layers.0.self_attn.q_proj.weight", changed);
    }

    [Fact]
    public void Update_SeveralPerBatchWithClipping_LogsHowMuchIsClipped()
    {
        using var policy = LoadPolicy();
        using var samples = Samples();
        var stage = Stage() with { UpdatesPerBatch = 3, LearningRate = 0.05, Loss = new LossVariant { Clip = 0.2, ClipHigh = 0.28 } };
        using var trainer = new GrpoTrainer(policy, stage, Rewards(stage.Tasks), samples);
        var metrics = trainer.Update().Metrics;

        // The first of the three updates clips nothing; a rate of 0.05 carries the others far.
        Assert.InRange(metrics["clip_ratio/region_mean/image"], 0.05, 2.0 / 3);
        Assert.Equal(metrics["clip_ratio/region_mean/text"], metrics["clip_ratio/low_mean/text"] + metrics["clip_ratio/high_mean/text"], 1e-6);
        Assert.InRange(metrics["clip_ratio/high_max/image"], 0.01, 1);
    }

    [Fact]
    public void Update_InMicroBatches_EqualsTheWholeBatch()
    {
        var whole = WeightsAfter(Stage() with { MicroBatchSize = 0 });
        var parts = WeightsAfter(Stage() with { MicroBatchSize = 1 });
        // float32 sums in another order; AdamW lets an element whose gradient is nearly zero move by a learning rate, so sums are compared
        Assert.All(whole, w => Assert.True((w.Value - parts[w.Key]).abs().mean().item<float>() < 2e-6, w.Key));
    }

    [Fact]
    public void Update_LossWithEntropies_LogsThemAndTrainsOnThem()
    {
        using var policy = LoadPolicy();
        using var samples = Samples();
        var plain = Stage() with { LearningRate = 0.02, Steps = 1, Beta = 0 };
        using var trainer = new GrpoTrainer(policy, plain with { Loss = new LossVariant { EntropyBonus = 100 } }, Rewards(plain.Tasks), samples);
        var before = trainer.Update().Metrics;
        Assert.InRange(before["entropy/text"], 1e-3, Math.Log(policy.Model.Config.Language.VocabularySize));
        Assert.InRange(before["entropy/image"], 1e-3, Math.Log(policy.Model.Config.Vq.Codes));

        // A bonus that outweighs the rewards makes the policy's next tokens less certain.
        using var after = new GrpoTrainer(policy, plain, Rewards(plain.Tasks), samples);
        Assert.True(after.Update().Metrics["entropy/text"] > before["entropy/text"]);
        using var chosen = new GrpoTrainer(policy, plain with { Loss = new LossVariant { TopEntropy = 0.2 } }, Rewards(plain.Tasks), samples);
        Assert.True(double.IsFinite(chosen.Update().Metrics["loss"]));
    }

    [Fact]
    public void Update_WithLayersRunAgain_EqualsThePlainUpdate()
    {
        var plain = WeightsAfter(Stage());
        var again = WeightsAfter(Stage() with { Recompute = true });
        Assert.All(plain, w => Assert.True((w.Value - again[w.Key]).abs().mean().item<float>() < 2e-6, w.Key));
    }

    [Fact]
    public void Update_JointAdvantageOfEqualWeights_DiffersFromOnePerModality()
    {
        var joint = WeightsAfter(Stage() with { Advantage = AdvantageKind.Joint });
        var split = WeightsAfter(Stage() with { Advantage = AdvantageKind.PerModality });
        Assert.Contains(joint, w => !w.Value.Equals(split[w.Key]));
    }

    [Theory]
    [InlineData(StageTasks.Unified)]
    [InlineData(StageTasks.Cycle)]
    public void Resume_FromAnyState_EqualsTheUninterruptedRunToTheBit(StageTasks tasks)
    {
        var stage = Stage(tasks);
        var expected = WeightsAfter(stage);
        using var folder = new TemporaryFolder();
        using var samples = Samples();
        for (var done = 0; done < stage.Steps; done++)
        {
            using var policy = LoadPolicy();
            using var trainer = new GrpoTrainer(policy, stage, Rewards(stage.Tasks), samples, RunState.Latest(folder.Path));
            Assert.Equal(done, trainer.StepsMade);
            trainer.Update();
            trainer.State().Save(folder.Path, kept: 1);
            if (done == stage.Steps - 1)
            {
                Assert.All(policy.Model.named_parameters(), p => Assert.True(p.parameter.Equals(expected[p.name]), p.name));
            }
        }

        Assert.Single(Directory.EnumerateDirectories(folder.Path));
    }

    [Fact]
    public void Latest_AfterAnInterruptedWrite_FindsTheLastWholeState()
    {
        using var folder = new TemporaryFolder();
        using var samples = Samples();
        using var policy = LoadPolicy();
        using var trainer = new GrpoTrainer(policy, Stage(), Rewards(StageTasks.Unified), samples);
        trainer.Update();
        trainer.State().Save(folder.Path, kept: 2);
        Directory.CreateDirectory(folder.File("step-00000002.tmp"));
        File.WriteAllText(folder.File("step-00000002.tmp/weights.safetensors"), "half");
        Assert.Equal(1, RunState.Latest(folder.Path)!.Step);
        Assert.False(Directory.Exists(folder.File("step-00000002.tmp")));
    }

    [Fact]
    public void Update_ManySteps_KeepsNoTensorAlive()
    {
        using var policy = LoadPolicy();
        using var samples = Samples();
        using var trainer = new GrpoTrainer(policy, Stage() with { Steps = 50 }, Rewards(StageTasks.Unified), samples);
        long after3 = 0;
        for (var i = 0; i < 50; i++)
        {
            trainer.Update();
            after3 = i == 2 ? DisposeScopeManager.Statistics.ThreadTotalLiveCount : after3;
        }

        Assert.Equal(after3, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Update_QuestionsOfAnotherKind_AreSkippedAndNamed()
    {
        using var policy = LoadPolicy();
        using var samples = Samples();
        using var trainer = new GrpoTrainer(policy, Stage(StageTasks.Mcq), Rewards(StageTasks.Mcq), samples);
        var result = trainer.Update();
        Assert.All(trainer.BadRows, row => Assert.Contains("OpenEnded", row.Reason, StringComparison.Ordinal));
        Assert.Equal(8, result.Completions.Responses!.Count);
    }

    private static Dictionary<string, Tensor> WeightsAfter(StageConfig stage)
    {
        using var policy = LoadPolicy();
        using var samples = Samples();
        using var trainer = new GrpoTrainer(policy, stage, Rewards(stage.Tasks), samples);
        while (trainer.StepsMade < trainer.TotalSteps)
        {
            trainer.Update();
        }

        return policy.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
    }

    /// <summary>Mean pixel of an image.</summary>
    private sealed class Brightness : IReward
    {
        public string Name => "brightness";

        public Modality Judges => Modality.Image;

        public Scores Score(Candidates candidates) =>
            candidates.Images is { } images ? images.mean([1, 2, 3]).data<float>().Select(x => (float?)x).ToArray() : new float?[candidates.Count];
    }

    /// <summary>Characters of an answer, in tens.</summary>
    private sealed class Length : IReward
    {
        public string Name => "length";

        public Modality Judges => Modality.Text;

        public Scores Score(Candidates candidates) =>
            candidates.Responses is { } responses ? responses.Select(r => (float?)(r.Length / 10f)).ToArray() : new float?[candidates.Count];
    }
}
