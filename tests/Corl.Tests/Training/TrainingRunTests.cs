using System.Text.Json;
using Corl.Checkpoints;
using Corl.Grpo;
using Corl.Reports;
using Corl.Rollouts;
using Corl.Tests.Cli;
using Corl.Tests.Grpo;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Tests.Training;

/// <summary>A run in its folder: evaluations and the best state, batches that end a run, resuming.</summary>
public sealed class TrainingRunTests
{
    private static readonly StageConfig Stage = GrpoTrainerTests.Stage() with { Steps = 4, BatchSize = 2, EvalSteps = 1, CheckpointSteps = 0, CheckpointsKept = 1, MaxCompletionLength = 6 };

    [Fact]
    public void Run_BestInTheMiddle_KeepsItsStateAndWritesItsPolicy()
    {
        using var folder = new TemporaryFolder();
        double[] scores = [0.2, 0.9, 0.5, 0.9]; // the second of two equals is no better
        var seen = new List<Tensor>();
        Run(folder.Path, Stage, scores, policy => seen.Add(Head(policy).clone()));
        Assert.Equal(scores, RunLog.ReadMetrics(folder.Path).Select(row => row.Values["eval_score"]));
        Assert.Equal(["step-00000002", "step-00000004"], Directory.EnumerateDirectories(folder.File("checkpoints")).Select(Path.GetFileName).Order());
        Assert.Equal(new BestState(2, 0.9), TrainingRun.Latest(folder.Path)!.Best);
        Tensors.Close(seen[1], Stored(folder.File("best")), 0);
        Tensors.Close(seen[3], Stored(folder.File("policy")), 0);
        Assert.False(seen[1].Equals(seen[3]));
        seen.ForEach(tensor => tensor.Dispose());
    }

    [Fact]
    public void Run_KilledAfterTheBest_EndsAsTheUninterruptedRun()
    {
        using var folder = new TemporaryFolder();
        double[] scores = [0.2, 0.9, 0.5, 0.1];
        Run(folder.File("whole"), Stage, scores);
        Assert.Throws<InvalidOperationException>(() => Run(folder.File("parts"), Stage, scores, _ => { }, dieAt: 3));
        Run(folder.File("parts"), Stage, scores);
        Assert.Equal(TrainTests.Untimed(folder.File("whole")), TrainTests.Untimed(folder.File("parts")));
        foreach (var name in new[] { "policy", "best" })
        {
            Assert.Equal(File.ReadAllBytes(folder.File($"whole/{name}/model.safetensors")), File.ReadAllBytes(folder.File($"parts/{name}/model.safetensors")));
        }
    }

    [Fact]
    public void Run_GradientIsNotANumber_EndsWithTheBatchSaved()
    {
        using var folder = new TemporaryFolder();
        using var policy = Broken();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage, GrpoTrainerTests.Rewards(Stage.Tasks), samples);
        var error = Assert.Throws<UserException>(() => TrainingRun.Run(trainer, folder.Path));
        Assert.Equal(
            $"stage test, step 1: the norm of the gradient is NaN, so nothing was updated; the batch is in {folder.File("faults/step-00000001")}; lower learning_rate, or leave such updates out with skip_bad_updates: true",
            error.Message);
        Assert.Equal(0, trainer.StepsMade);
        var lines = File.ReadAllLines(folder.File("faults/step-00000001/batch.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Stage.BatchSize * Stage.GroupSize, lines.Count);
        Assert.All(lines, line => Assert.StartsWith("generated, row ", line.GetProperty("row").GetString(), StringComparison.Ordinal));
        Assert.All(lines, line => Assert.True(line.GetProperty("codes").GetArrayLength() > 0 && line.GetProperty("tokens").GetArrayLength() > 0 && line.GetProperty("rewards").TryGetProperty("reward", out _)));
        Assert.Contains("\"grad_norm\":\"NaN\"", File.ReadAllText(folder.File("faults/step-00000001/metrics.json")), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("faults/step-00000001/completions.parquet")));
    }

    [Fact]
    public void Run_GradientIsNotANumberAndSuchUpdatesAreSkipped_GoesOn()
    {
        using var folder = new TemporaryFolder();
        using var policy = Broken();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, Stage with { Steps = 2, SkipBadUpdates = true }, GrpoTrainerTests.Rewards(Stage.Tasks), samples);
        TrainingRun.Run(trainer, folder.Path);
        Assert.Equal([1.0, 1.0], RunLog.ReadMetrics(folder.Path).Select(row => row.Values["skipped_updates"]));
    }

    private static void Run(string folder, StageConfig stage, double[] scores, Action<Policy>? seen = null, int dieAt = int.MaxValue)
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = GrpoTrainerTests.Samples();
        using var trainer = new GrpoTrainer(policy, stage, GrpoTrainerTests.Rewards(stage.Tasks), samples, TrainingRun.Latest(folder));
        TrainingRun.Run(trainer, folder, new Validation(Measure, "score"));

        IReadOnlyDictionary<string, double> Measure()
        {
            seen?.Invoke(policy);
            return trainer.StepsMade == dieAt ? throw new InvalidOperationException("killed") : new Dictionary<string, double> { ["score"] = scores[trainer.StepsMade - 1] };
        }
    }

    // A final norm that is not a number: everything sampled is still a token, every gradient is none.
    private static Policy Broken()
    {
        var policy = GrpoTrainerTests.LoadPolicy();
        using var noGrad = no_grad();
        policy.Model.named_parameters().Single(p => p.name == "language_model.model.norm.weight").parameter.fill_(double.NaN);
        return policy;
    }

    private static Tensor Head(Policy policy) => policy.Model.named_parameters().Single(p => p.name == "language_model.lm_head.weight").parameter.detach();

    private static Tensor Stored(string folder)
    {
        using var reader = CheckpointReader.Open(folder);
        return reader.Read(reader.Tensors.Keys.Single(key => key.EndsWith("lm_head.weight", StringComparison.Ordinal))).clone();
    }
}
