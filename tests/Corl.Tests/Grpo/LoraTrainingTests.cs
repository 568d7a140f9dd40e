using Corl.Checkpoints;
using Corl.Grpo;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Grpo;

/// <summary>Training an adapter: the base stays, π_ref is the base and no copy of it, the checkpoints are small, a resumed run is the same run.</summary>
public sealed class LoraTrainingTests
{
    private static readonly LoraConfig Config = new() { R = 4, Alpha = 8, TargetModules = ["q_proj", "down_proj"], ModulesToSave = ["model.norm"] };

    private static StageConfig Stage => GrpoTrainerTests.Stage() with { LearningRate = 1e-2 };

    [Fact]
    public void Update_WithAnAdapter_LeavesTheBaseAndStartsAtTheReference()
    {
        using var scope = NewDisposeScope();
        using var policy = Adapted();
        var before = policy.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage, GrpoTrainerTests.Rewards(Stage.Tasks), samples);
        var metrics = trainer.Update().Metrics;
        Assert.Equal((0.0, 0.0), (metrics["kl/image"], metrics["kl/text"])); // an adapter of zeros is the base to the bit
        metrics = trainer.Update().Metrics;
        Assert.True(metrics["kl/image"] > 0 && metrics["kl/text"] > 0);
        Assert.InRange(metrics["rollout_logp_absdiff/text"], 0, 1e-5); // cached decoding and teacher forcing agree with the adapter on
        Assert.InRange(metrics["rollout_logp_absdiff/image"], 0, 1e-5);

        Assert.Equal(["language_model.model.norm.weight"], policy.Model.named_parameters().Where(p => !p.parameter.Equals(before[p.name])).Select(p => p.name));
        Assert.All(policy.Model.Adapter!.Updates, u => Assert.False(u.IsZero(), u.Place.Name));
        using var folder = new TemporaryFolder();
        trainer.State().Save(folder.Path, kept: 1);
        using var weights = CheckpointReader.Open(Path.Combine(folder.Path, "step-00000002", "weights.safetensors"));
        Assert.Equal(policy.AdapterParameters, weights.Tensors.Values.Sum(t => t.Count));
    }

    [Fact]
    public void Snapshot_UnderAnAdapter_CopiesNoWeightOfTheBase()
    {
        using var scope = NewDisposeScope();
        using var policy = Adapted();
        using var frozen = policy.Snapshot(["language_model"]);
        var own = policy.Model.named_parameters().ToDictionary(p => p.name, p => Address(p.parameter));
        Assert.Equal(["language_model.model.norm.weight"], frozen.named_parameters().Where(p => Address(p.parameter) != own[p.name]).Select(p => p.name));
        Assert.Null(frozen.Adapter);
    }

    [Fact]
    public void Snapshot_OfATrainedAdapter_IsThePolicyOfThatMoment()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using (var first = Trained(Stage))
        {
            first.SaveAdapter(folder.Path);
        }

        using var policy = GrpoTrainerTests.LoadPolicy();
        policy.LoadAdapter(folder.Path);
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage, GrpoTrainerTests.Rewards(Stage.Tasks), samples);
        Assert.Equal(0, trainer.Update().Metrics["kl/text"]);
        Assert.True(trainer.Update().Metrics["kl/text"] > 0);
    }

    [Fact]
    public void Resume_FromAnyState_EqualsTheUninterruptedRunToTheBit()
    {
        using var scope = NewDisposeScope();
        using var expected = Trained(Stage);
        using var folder = new TemporaryFolder();
        using var samples = GrpoTrainerTests.Samples();
        for (var done = 0; done < Stage.Steps; done++)
        {
            using var policy = Adapted();
            using var trainer = new GrpoTrainer(policy, Stage, GrpoTrainerTests.Rewards(Stage.Tasks), samples, RunState.Latest(folder.Path));
            trainer.Update();
            trainer.State().Save(folder.Path, kept: 1);
            if (done == Stage.Steps - 1)
            {
                Assert.All(
                    policy.Model.Adapter!.Trained(policy.Model).Zip(expected.Model.Adapter!.Trained(expected.Model)),
                    pair => Assert.True(pair.First.Parameter.Equals(pair.Second.Parameter), pair.First.Name));
            }
        }
    }

    [Fact]
    public void MergeAdapter_GivesThePolicyWithTheAdapter()
    {
        using var scope = NewDisposeScope();
        using var policy = Trained(Stage);
        using var noGrad = no_grad();
        var ids = arange(1, 13, ScalarType.Int64).view(2, 6);
        Tensor Logits() => policy.Model.TextLogits(policy.Model.Hidden(policy.Model.EmbedText(ids)));
        var adapted = Logits();
        policy.MergeAdapter();
        Assert.Null(policy.Adapter);
        Tensors.Close(adapted, Logits(), 1e-4, 1e-5);
    }

    [Fact]
    public void Update_ManySteps_KeepsNoTensorAlive()
    {
        using var policy = Adapted();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage with { Steps = 12 }, GrpoTrainerTests.Rewards(Stage.Tasks), samples);
        long after3 = 0;
        for (var i = 0; i < 12; i++)
        {
            trainer.Update();
            after3 = i == 2 ? DisposeScopeManager.Statistics.ThreadTotalLiveCount : after3;
        }

        Assert.Equal(after3, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static Policy Adapted()
    {
        var policy = GrpoTrainerTests.LoadPolicy();
        policy.AddAdapter(Config, ["language_model"], seed: 3);
        return policy;
    }

    private static Policy Trained(StageConfig stage)
    {
        var policy = Adapted();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, stage, GrpoTrainerTests.Rewards(stage.Tasks), samples);
        while (trainer.StepsMade < trainer.TotalSteps)
        {
            trainer.Update();
        }

        return policy;
    }

    private static nint Address(Tensor tensor) => tensor.storage<float>().data_ptr();
}
