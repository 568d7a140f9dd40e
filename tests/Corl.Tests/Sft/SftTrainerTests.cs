using Corl.Data;
using Corl.Imaging;
using Corl.Rollouts;
using Corl.Sft;
using Corl.Tests.Grpo;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Tests.Sft;

public sealed class SftTrainerTests
{
    private static readonly SftConfig Config = new()
    {
        Name = "sft",
        Tasks = StageTasks.Unified,
        MaxPromptLength = 64,
        MaxCompletionLength = 12,
        BatchSize = 4,
        LearningRate = 1e-3,
        Steps = 4,
        PromptDropout = 0,
        Seed = 7,
    };

    // By turns a row of both kinds, one of images, one of answers.
    private static SampleSet Samples() => SampleSet.Generate("generated", 12, SampleParts.RealImage, i => new Sample
    {
        Id = $"generated, row {i}",
        Prompt = i % 3 == 2 ? null : i % 2 == 0 ? "a red cat" : "the blue square and a dog on it",
        Question = i % 3 == 1 ? null : "What is the red cat?",
        Answer = i % 3 == 1 ? null : i % 2 == 0 ? "A" : "the red cat",
        Type = i % 3 == 1 ? null : QuestionType.OpenEnded,
        RealImage = new RgbImage(16, 16, [.. Enumerable.Range(0, 16 * 16 * 3).Select(k => (byte)((k * (i + 3)) % 251))]),
    });

    [Fact]
    public void Update_FirstStep_MinimisesTheMeanNegativeLogProbabilityOfEveryToken()
    {
        using var scope = NewDisposeScope();
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = Samples();
        using var trainer = new SftTrainer(policy, Config with { BatchSize = 12, ImageWeight = 2 }, samples);
        var (image, text) = Expected(policy, samples);
        var metrics = trainer.Update().Metrics;
        Close.To(image, metrics["loss/image"], 1e-5);
        Close.To(text, metrics["loss/text"], 1e-5);
        Close.To((2 * image) + text, metrics["loss"], 1e-5);
        Assert.InRange(metrics["entropy/text"], 0, Math.Log(policy.Model.Config.Language.VocabularySize));
        for (var i = 0; i < 3; i++)
        {
            metrics = trainer.Update().Metrics;
        }

        Assert.True(metrics["loss"] < (2 * image) + text, $"{metrics["loss"]} is not below {(2 * image) + text}");
    }

    [Fact]
    public void Update_InMicroBatches_EqualsTheWholeBatch()
    {
        using var scope = NewDisposeScope();
        var whole = WeightsAfter(Config);
        var parts = WeightsAfter(Config with { MicroBatchSize = 1 });
        // float32 sums in another order; AdamW lets an element whose gradient is nearly zero move by a learning rate, so sums are compared
        Assert.All(whole, w => Assert.True((w.Value - parts[w.Key]).abs().mean().item<float>() < 2e-6, w.Key));
    }

    [Fact]
    public void Resume_FromAnyState_EqualsTheUninterruptedRunToTheBit()
    {
        using var scope = NewDisposeScope();
        var config = Config with { PromptDropout = 0.5 };
        var expected = WeightsAfter(config);
        using var folder = new TemporaryFolder();
        using var samples = Samples();
        for (var done = 0; done < config.Steps; done++)
        {
            using var policy = GrpoTrainerTests.LoadPolicy();
            using var trainer = new SftTrainer(policy, config, samples, RunState.Latest(folder.Path));
            Assert.Equal(done, trainer.StepsMade);
            trainer.Update();
            trainer.State().Save(folder.Path, kept: 1);
            if (done == config.Steps - 1)
            {
                Assert.All(policy.Model.named_parameters(), p => Assert.True(p.parameter.Equals(expected[p.name]), p.name));
            }
        }
    }

    [Fact]
    public void Update_PromptsAreHidden_ChangesTheImageLossAlone()
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = Samples();
        using var shown = new SftTrainer(policy, Config, samples);
        using var hidden = new SftTrainer(policy, Config with { PromptDropout = 0.99 }, samples);
        var (a, b) = (shown.HeldOutLoss(samples).Measure(), hidden.HeldOutLoss(samples).Measure());
        Assert.Equal(a, b); // an evaluation hides none
        var (x, y) = (hidden.Update().Metrics, GrpoTrainerTests.LoadPolicy());
        using (y)
        {
            using var plain = new SftTrainer(y, Config, samples);
            var z = plain.Update().Metrics;
            Assert.Equal(z["loss/text"], x["loss/text"]);
            Assert.NotEqual(z["loss/image"], x["loss/image"]);
        }
    }

    [Fact]
    public void HeldOutLoss_WholeSet_IsTheLossOfAStepOverIt()
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = Samples();
        using var trainer = new SftTrainer(policy, Config with { BatchSize = 12 }, samples);
        var measured = new SftTrainer(policy, Config with { BatchSize = 5 }, samples).HeldOutLoss(samples).Measure();
        var metrics = trainer.Update().Metrics;
        Assert.All(new[] { "loss", "loss/image", "loss/text" }, name => Close.To(metrics[name], measured[name], 1e-5));
        Assert.Equal(-measured["loss"], measured["score"]);
    }

    [Theory]
    [InlineData(StageTasks.T2i, 12, "image is missing", true)]
    // two bytes and the end token
    [InlineData(StageTasks.Mm2t, 1, "answer has 3 tokens, more than max_completion_length 1", false)]
    [InlineData(StageTasks.Mcq, 12, "question is OpenEnded, the stage trains MultipleChoice", false)]
    public void Unfit_RowShowsNothing_SaysWhy(StageTasks tasks, int longest, string reason, bool withoutImage)
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = Samples();
        var row = samples.Read(0) with { };
        row = withoutImage ? row with { RealImage = null } : row;
        Assert.Equal(reason, new Demonstrations(policy, Config with { Tasks = tasks, MaxCompletionLength = longest }).Unfit(row));
    }

    private static (double Image, double Text) Expected(Policy policy, SampleSet samples)
    {
        using var noGrad = no_grad();
        var rows = Enumerable.Range(0, samples.Count).Select(samples.Read).ToList();
        var (images, texts) = (new List<float>(), new List<float>());
        foreach (var row in rows)
        {
            if (row.Prompt is { } prompt)
            {
                // 16 pixels are the model's own size: nothing is resized
                var pixels = tensor(row.RealImage!.Pixels.Select(b => (b / 127.5f) - 1).ToArray(), [1, 16, 16, 3]).permute(0, 3, 1, 2);
                images.AddRange(LogProbs.Image(policy.Model, [policy.Prompt.TextToImage(prompt)], policy.Model.EncodeImages(pixels), policy.Ids.Pad).Logps.data<float>());
            }

            if (row.Question is { } question)
            {
                var seen = policy.Model.EmbedImages(policy.Images.ToTensor([row.RealImage!]));
                texts.AddRange(LogProbs.Text(policy.Model, [policy.Prompt.Question(question)], [policy.Prompt.Answer(row.Answer!)], seen, policy.Ids).Logps.data<float>());
            }
        }

        return (-images.Average(), -texts.Average());
    }

    private static Dictionary<string, Tensor> WeightsAfter(SftConfig config)
    {
        using var policy = GrpoTrainerTests.LoadPolicy();
        using var samples = Samples();
        using var trainer = new SftTrainer(policy, config, samples);
        while (trainer.StepsMade < trainer.TotalSteps)
        {
            trainer.Update();
        }

        return policy.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
    }
}
