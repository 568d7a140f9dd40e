using Corl.Benchmarks;
using Corl.Grpo;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Tests.Training;

/// <summary>The plan against memory that was measured while a run of these sizes trained, and against the published sizes of both models.</summary>
public sealed class MemoryPlanTests
{
    private const double Agreement = 0.15;

    /// <summary>Runs in which different things take the most memory.</summary>
    public enum Sizes
    {
        /// <summary>All weights are trained on answers; activations of every layer are kept.</summary>
        WholeModel,

        /// <summary>An adapter is trained on images, layers run again, with a reference policy.</summary>
        Adapter,

        /// <summary>A large vocabulary: gradients and optimizer outweigh the activations.</summary>
        Vocabulary,
    }

    [Theory]
    [InlineData(Sizes.WholeModel)]
    [InlineData(Sizes.Adapter)]
    [InlineData(Sizes.Vocabulary)]
    public void Peak_MeasuredOnTheCpu_AgreesWithin15Percent(Sizes kind)
    {
        var (config, stage, lora) = Run(kind);
        using var folder = new TemporaryFolder();
        Write(config, folder.Path);
        SafeCollection.Here();
        using var peak = new HeapPeak();
        using var policy = Policy.Load(folder.Path);
        var loaded = NativeHeap.InUse() - peak.Before;
        if (lora is not null)
        {
            policy.AddAdapter(lora, stage.TrainableParts, seed: 1);
        }

        using var samples = Corl.Tests.Grpo.GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, stage, Corl.Tests.Grpo.GrpoTrainerTests.Rewards(stage.Tasks), samples);
        trainer.Update();
        trainer.Update(); // the second update has the optimizer's state from its beginning
        var plan = new MemoryPlan(Work(config, stage, lora, policy));
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: planned {string.Join(", ", plan.Phases.Select(p => $"{p.Name} {p.Bytes / 1e6:F1}"))} MB, measured {peak.Bytes / 1e6:F1} MB");
        Assert.InRange(loaded / plan.Weights, 1 - Agreement, 1 + Agreement);
        Assert.True(Math.Abs((peak.Bytes / plan.Peak) - 1) <= Agreement, $"{kind}: planned {plan.Peak / 1e6:F1} MB ({string.Join(", ", plan.Phases.Select(p => $"{p.Name} {p.Bytes / 1e6:F1}"))}), measured {peak.Bytes / 1e6:F1} MB");
    }

    [Fact]
    public void Counts_OfBothPublishedSizes_AreThePublishedOnes()
    {
        // Janus-Pro-1B has 2,089,232,011 numbers with its unused pooling head of 12,595,200; its language model 1,652,656,128.
        var small = TrainedCounts.Of(Pro(2048, 5632, 24, 16), key => key.StartsWith("language_model.", StringComparison.Ordinal), null, LoraNames.Native);
        Assert.Equal((2_076_636_811, 1_652_656_128), (small.All, small.Trained));
        // Rank 16 on every linear layer of the 7B's decoder: 37.5 million.
        var large = TrainedCounts.Of(Pro(4096, 11008, 30, 32), key => key.StartsWith("language_model.", StringComparison.Ordinal), new LoraConfig { R = 16 }, LoraNames.Native);
        Assert.Equal((7_407_773_323, 37_478_400), (large.All, large.Trained));
        Assert.Equal(0, large.Copied);
    }

    [Fact]
    public void Peak_OfThe7B_FitsACardOf80GigabytesThroughAnAdapterAlone()
    {
        Workload Work(LoraConfig? lora) => new()
        {
            Model = Pro(4096, 11008, 30, 32),
            ElementBytes = 2,
            OnCpu = false,
            Counts = TrainedCounts.Of(Pro(4096, 11008, 30, 32), key => key.StartsWith("language_model.", StringComparison.Ordinal), lora, LoraNames.Native),
            GroupSize = 8,
            Batch = 16,
            PromptsAtOnce = 1,
            Images = true,
            Answers = true,
            Together = true,
            PromptTokens = 64,
            QuestionTokens = 642,
            AnswerTokens = 512,
            Recompute = true,
        };
        var plan = new MemoryPlan(Work(new LoraConfig { R = 16 }));
        Assert.InRange(plan.Weights / 1e9, 14.8, 15.1); // 7.41 billion of two bytes, and the adapter
        Assert.InRange(plan.Peak / 1e9, 15, 45);
        Assert.True(new MemoryPlan(Work(null)).Peak > 80e9);
    }

    // The sizes of deepseek-ai/Janus-Pro-1B and -7B.
    private static JanusConfig Pro(int width, int inner, int layers, int heads) => new()
    {
        Language = new LlamaConfig(102400, width, inner, layers, heads, heads, 128),
        Vision = new VisionConfig(Width: 1024, Layers: 24, Heads: 16, PatchSize: 16, ImageSize: 384, MlpWidth: 4096),
        Vq = new VqConfig(Channels: 128, Multipliers: [1, 1, 2, 2, 4], ResidualBlocks: 2, LatentChannels: 256, Codes: 16384, CodeWidth: 8),
        ImageHeadWidth = width,
    };

    private static (JanusConfig Config, StageConfig Stage, LoraConfig? Lora) Run(Sizes kind)
    {
        var tiny = JanusConfigFile.Read(GoldenFiles.Path("janus/tiny/native")).Config;
        var stage = Corl.Tests.Grpo.GrpoTrainerTests.Stage() with { GroupSize = 4, BatchSize = 2, Beta = 0, LearningRate = 1e-4 };
        return kind switch
        {
            Sizes.WholeModel => (Sized(tiny, vocabulary: 2048, width: 256, layers: 6), stage with { Tasks = StageTasks.Mm2t, MaxCompletionLength = 80 }, null),
            Sizes.Adapter => (Sized(tiny, vocabulary: 2048, width: 256, layers: 6), stage with { Tasks = StageTasks.T2i, GroupSize = 16, BatchSize = 4, Beta = 0.02, Recompute = true }, new LoraConfig { R = 4 }),
            _ => (Sized(tiny, vocabulary: 30_000, width: 256, layers: 2), stage with { Tasks = StageTasks.Mm2t, MaxCompletionLength = 12, MicroBatchSize = 1 }, null),
        };
    }

    private static JanusConfig Sized(JanusConfig tiny, int vocabulary, int width, int layers) => tiny with
    {
        Language = new LlamaConfig(vocabulary, width, IntermediateSize: 3 * width, layers, Heads: 4, KvHeads: 4, HeadWidth: width / 4),
        ImageHeadWidth = width,
    };

    private static void Write(JanusConfig config, string folder)
    {
        using var model = new JanusPro(config, WeightSource.From((key, shape) => shape.Length > 1 ? randn(shape) * 0.05 : key.EndsWith("bias", StringComparison.Ordinal) ? zeros(shape) : ones(shape)));
        JanusCheckpoint.Save(model, folder, JanusLayout.Native, ScalarType.BFloat16); // so that loading makes float32 copies, not a mapping of the file
        Policy.CopyCompanions(GoldenFiles.Path("janus/tiny/native"), folder);
    }

    private static Workload Work(JanusConfig config, StageConfig stage, LoraConfig? lora, Policy policy) => new()
    {
        Model = config,
        ElementBytes = sizeof(float),
        OnCpu = true,
        Counts = TrainedCounts.Of(config, key => key.StartsWith("language_model.", StringComparison.Ordinal), lora, LoraNames.Native),
        GroupSize = stage.GroupSize,
        Batch = stage.BatchSize,
        PromptsAtOnce = stage.PromptsAtOnce,
        Images = stage.NeedsPrompts,
        Answers = stage.NeedsQuestions,
        Together = stage.Tasks == StageTasks.Unified,
        Reference = stage.Beta > 0,
        PromptTokens = policy.Prompt.TextToImage("the blue square and a dog on it").Length,
        QuestionTokens = policy.Prompt.Question("What is the red cat?").Length,
        AnswerTokens = stage.MaxCompletionLength,
        Recompute = stage.Recompute,
    };
}
