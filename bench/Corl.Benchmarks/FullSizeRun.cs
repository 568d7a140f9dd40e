using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Corl.Checkpoints;
using Corl.Data;
using Corl.Grpo;
using Corl.Imaging;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Benchmarks;

/// <summary>
/// A model of Janus-Pro-1B's sizes with random weights: written in bfloat16, loaded, made to draw and to answer a little, and trained by
/// one step of an adapter, each with its memory and time beside the plan's. docs/memory.md has a result.
/// </summary>
internal static class FullSizeRun
{
    private const int Codes = 16, AnswerTokens = 8;

    // deepseek-ai/Janus-Pro-1B's config.json.
    private static readonly JanusConfig Config = new()
    {
        Language = new LlamaConfig(VocabularySize: 102400, HiddenSize: 2048, IntermediateSize: 5632, Layers: 24, Heads: 16, KvHeads: 16, HeadWidth: 128),
        Vision = new VisionConfig(Width: 1024, Layers: 24, Heads: 16, PatchSize: 16, ImageSize: 384, MlpWidth: 4096),
        Vq = new VqConfig(Channels: 128, Multipliers: [1, 1, 2, 2, 4], ResidualBlocks: 2, LatentChannels: 256, Codes: 16384, CodeWidth: 8),
        ImageHeadWidth = 2048,
    };

    private static readonly double[] Half = [0.5, 0.5, 0.5]; // of the published preprocessor_config.json

    private static readonly LoraConfig Lora = new();

    private static readonly StageConfig Stage = new()
    {
        Name = "full-size",
        Tasks = StageTasks.Oe,
        GroupSize = 2,
        Beta = 0.02,
        MaxPromptLength = 1024,
        MaxCompletionLength = AnswerTokens,
        BatchSize = 1,
        LearningRate = 1e-4,
        Steps = 1,
        Recompute = true,
        Rewards = new Dictionary<string, double> { ["first letter"] = 1 },
    };

    /// <summary>Runs all of it in a folder, and prints a Markdown table.</summary>
    /// <param name="output">Where the table goes.</param>
    /// <param name="folder">For the model's 4.2 GB; the model is written when it is not there, and stays.</param>
    /// <param name="companions">A folder with tokenizer.json and preprocessor_config.json.</param>
    public static void Print(TextWriter output, string folder, string companions)
    {
        _ = Devices.Open("cpu", Environment.ProcessorCount);
        if (!File.Exists(Path.Combine(folder, "config.json")))
        {
            Write(folder, companions);
        }

        SafeCollection.Here();
        var before = NativeHeap.InUse();
        var flops = Gemm();
        List<(string What, double PlannedBytes, long Bytes, double PlannedSeconds, double Seconds)> rows = [];
        T Measure<T>(string what, double plannedBytes, double plannedSeconds, Func<T> work)
        {
            using var peak = new HeapPeak(before);
            var watch = Stopwatch.StartNew();
            var result = work();
            rows.Add((what, plannedBytes, peak.Bytes, plannedSeconds, watch.Elapsed.TotalSeconds));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {plannedBytes / 1e9:F2} | {peak.Bytes / 1e9:F2} | {plannedSeconds:F0} | {watch.Elapsed.TotalSeconds:F0} |"));
            output.Flush();
            return result;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{flops / 1e9:F0} GFLOP/s in matrix products"));
        output.WriteLine("| | planned GB | measured GB | planned s | measured s |");
        output.WriteLine("|---|---|---|---|---|");
        var device = DeviceSpeed.Cpu(flops, null);
        var question = "Which shape is red?";
        var (load, loadTime) = Planned(Work(tokens: 1, images: false), device);
        using var policy = Measure("load", load.Phases[0].Bytes, loadTime["load"], () => Policy.Load(folder));
        var prompt = policy.Prompt.TextToImage("a red star and a blue circle");
        var asked = policy.Prompt.Question(question);
        var (draw, drawTime) = Planned(Work(prompt.Length, images: true), device);
        Measure($"first {Codes} codes of an image", draw.Phases.First(p => p.Name == "rollout_image").Bytes - draw.Optimizer, drawTime["rollout_image"] * Codes / Config.ImageCodes, () =>
        {
            using var scope = NewDisposeScope();
            ImageSampler.Sample(policy.Model, [prompt], [policy.Prompt.Unconditional(prompt)], policy.Ids.Pad, 1, new SamplingConfig(), new Draws(1, "full-size"), Codes);
            return 0;
        });
        var picture = new RgbImage(384, 384, [.. Enumerable.Range(0, 384 * 384 * 3).Select(i => (byte)(i % 251))]);
        var (answer, answerTime) = Planned(Work(asked.Length, images: false) with { GroupSize = 1 }, device);
        Measure($"answer of {AnswerTokens} tokens", answer.Phases.First(p => p.Name == "rollout_text").Bytes - answer.Optimizer, answerTime["rollout_text"], () =>
        {
            using var scope = NewDisposeScope();
            using var off = no_grad();
            var seen = policy.Model.EmbedImages(policy.Images.ToTensor([picture]));
            TextSampler.Sample(policy.Model, [asked], seen, policy.Ids, 1, new SamplingConfig { MaxNewTokens = AnswerTokens }, new Draws(1, "full-size"));
            return 0;
        });

        policy.AddAdapter(Lora, Stage.TrainableParts, seed: 1);
        using var samples = SampleSet.Generate("generated", 1, SampleParts.RealImage | SampleParts.Question | SampleParts.Answer, i => new Sample
        {
            Id = "generated",
            Question = question,
            Answer = "star",
            Type = QuestionType.OpenEnded,
            RealImage = picture,
        });
        using var trainer = new GrpoTrainer(policy, Stage, new RewardSum([new RewardTerm(new FirstLetter(), 1)]), samples);
        var (step, stepTime) = Planned(Work(asked.Length, images: false), device);
        var metrics = Measure("step of an adapter of rank 16, G 2", step.Peak, stepTime.Where(t => t.Key != "load").Sum(t => t.Value), () => trainer.Update().Metrics);
        output.WriteLine(string.Join(", ", metrics.Where(m => m.Key is "grad_norm" or "loss" || m.Key.StartsWith("time", StringComparison.Ordinal)).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:G3}"))));
    }

    private static (MemoryPlan Memory, IReadOnlyDictionary<string, double> Seconds) Planned(Workload work, DeviceSpeed device)
    {
        var memory = new MemoryPlan(work);
        return (memory, TimePlan.Of(work, memory, device));
    }

    private static Workload Work(int tokens, bool images) => new()
    {
        Model = Config,
        ElementBytes = sizeof(float),
        OnCpu = true,
        Counts = TrainedCounts.Of(Config, key => key.StartsWith("language_model.", StringComparison.Ordinal), Lora, LoraNames.Native),
        GroupSize = images ? 1 : Stage.GroupSize,
        Batch = 1,
        PromptsAtOnce = 1,
        Images = images,
        Answers = !images,
        Reference = !images,
        PromptTokens = tokens,
        QuestionTokens = tokens,
        AnswerTokens = AnswerTokens,
        Recompute = Stage.Recompute,
    };

    private static void Write(string folder, string companions)
    {
        Directory.CreateDirectory(folder);
        var parts = JanusCheckpoint.Stored(JanusLayout.Native, JanusCheckpoint.Shapes(Config)).ToDictionary(p => p.Name);
        Safetensors.WriteSharded(folder, parts.Values.Select(p => new TensorInfo(p.Name, ScalarType.BFloat16, p.Shape)), name =>
        {
            using var scope = NewDisposeScope();
            var shape = parts[name].Shape;
            var values = shape.Length > 1 ? randn(shape) * 0.02 : name.EndsWith("bias", StringComparison.Ordinal) ? zeros(shape) : ones(shape); // LlamaConfig's initializer_range
            return values.to_type(ScalarType.BFloat16).MoveToOuterDisposeScope();
        });
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), JanusConfigFile.Write(Config, JanusLayout.Native, "bfloat16", null));
        Policy.CopyCompanions(companions, folder);
        File.Delete(Path.Combine(folder, "processor_config.json")); // its images have another number of tokens
        AtomicFile.WriteText(Path.Combine(folder, "preprocessor_config.json"), JsonSerializer.Serialize(new { image_size = Config.ImageSize, image_mean = Half, image_std = Half }));
    }

    private static double Gemm()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (rand(1024, 1024), rand(1024, 1024));
        var best = Enumerable.Range(0, 20).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            using var product = a.matmul(b);
            return watch.Elapsed.TotalSeconds;
        });
        return 2.0 * 1024 * 1024 * 1024 / best;
    }

    /// <summary>A reward that differs between random answers, so that there is a gradient.</summary>
    private sealed class FirstLetter : IReward
    {
        public string Name => "first letter";

        public Modality Judges => Modality.Text;

        public Scores Score(Candidates candidates) => candidates.Responses!.Select((r, i) => (float?)((r.Length == 0 ? 0 : r[0]) + i)).ToArray();
    }
}
