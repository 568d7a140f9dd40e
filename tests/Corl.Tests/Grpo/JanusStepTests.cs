using System.Text.Json;
using Corl.Checkpoints;
using Corl.Grpo;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = Corl.Training.AdamW;

namespace Corl.Tests.Grpo;

/// <summary>Worked steps of the unified and the refined stage on the toy Janus: given rollouts and rewards, to the new weights.</summary>
public sealed class JanusStepTests : IDisposable
{
    private const double LogpTolerance = 1e-4;        // golden/janus/README.md
    private const double WeightTolerance = 2e-5;      // the same
    private const double LaterLogpTolerance = 2e-3;   // after an update: a few weights with a gradient near 1e-8 may have moved the other way by the rate, 1e-3
    private static readonly SpecialIds Ids = new(300, 301, 302, 303, 305); // golden/janus/tiny
    private readonly CheckpointReader _golden = Tensors.Golden("janus/grpo/grpo.safetensors");
    private readonly JsonElement _info = GoldenJson.Read("janus/grpo/grpo.json");
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    public static TheoryData<string> Runs() => [.. GoldenJson.Read("janus/grpo/grpo.json").GetProperty("runs").EnumerateObject().Select(run => run.Name)];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Steps_GivenRolloutsAndRewards_GiveTheWeightsOfTheReference(string run)
    {
        var settings = _info.GetProperty("runs").GetProperty(run).GetProperty("settings");
        var beta = settings.GetProperty("beta").GetDouble();
        var modalities = settings.GetProperty("modalities").EnumerateArray().Select(m => m.GetString()!).ToArray();
        var schedule = Enum.Parse<LearningRateSchedule>(settings.GetProperty("schedule").GetString()!, ignoreCase: true);
        using var policy = Load();
        using var reference = Load();
        var parameters = Trainable(policy);
        var headBefore = parameters.Single(p => p.Name.EndsWith("lm_head.weight")).Parameter.detach().clone();
        using var optimizer = new AdamW(parameters) { WeightDecay = settings.GetProperty("weight_decay").GetDouble() };
        foreach (var (step, expected) in _info.GetProperty("runs").GetProperty(run).GetProperty("steps").EnumerateArray().Index())
        {
            using var scope = NewDisposeScope();
            var batch = new Batch(_golden, step);
            var advantage = Advantage(_info.GetProperty("steps")[step], modalities.Length == 2 ? "unified" : modalities[0]);
            optimizer.ZeroGrad();
            var total = 0.0;
            foreach (var modality in modalities)
            {
                var logps = batch.Logps(policy, modality);
                Tensor? referenceLogps = null;
                if (beta > 0)
                {
                    using var noGrad = no_grad();
                    referenceLogps = batch.Logps(reference, modality).Logps;
                    Same($"{run}.step{step}.ref_{modality}_logps", referenceLogps * logps.Mask, LogpTolerance);
                }

                Same($"{run}.step{step}.{modality}_logps", logps.Logps * logps.Mask, step == 0 ? LogpTolerance : LaterLogpTolerance);
                var loss = GrpoLoss.Compute(logps.Logps, null, referenceLogps, advantage, logps.Mask, beta);
                loss.Total.backward();
                Close.To(expected.GetProperty($"loss_{modality}").GetDouble(), loss.Total.item<float>(), 2e-6, 1e-4, $"{modality} loss of step {step}");
                Close.To(beta > 0 ? expected.GetProperty($"kl_{modality}").GetDouble() : 0, loss.Kl.item<float>(), 2e-6, 1e-3, $"{modality} KL of step {step}");
                total += loss.Total.item<float>();
            }

            Close.To(expected.GetProperty("loss").GetDouble(), total, 2e-6, 1e-4, $"loss of step {step}");
            CheckGradientNorms(expected.GetProperty("grad_norms"), parameters);
            var norm = GradientClipping.Clip(optimizer.Parameters, settings.GetProperty("max_grad_norm").GetDouble());
            Close.To(expected.GetProperty("grad_norm").GetDouble(), norm.Norm, 0, 1e-4, "gradient norm");
            Close.To(expected.GetProperty("clip_coefficient").GetDouble(), norm.Factor, 0, 1e-4, "clip factor");
            CheckSlices($"{run}.step{step}.clipped_grad.", parameters, p => p.grad, 2e-5);

            var rate = LearningRate.At(schedule, _info.GetProperty("learning_rate").GetDouble(), step, settings.GetProperty("total_steps").GetInt64());
            Close.To(expected.GetProperty("learning_rate").GetDouble(), rate, 1e-12);
            optimizer.Step(rate);
            CheckWeights(expected.GetProperty("weights"), parameters);
        }

        // Of the steps before the last one the file has the last one's slices, too: only these are compared, the others by norms and sums.
        var last = _info.GetProperty("runs").GetProperty(run).GetProperty("steps").GetArrayLength() - 1;
        var far = CountFar($"{run}.step{last}.weight.", parameters);
        Assert.True(far <= 2, $"{far} weights are off by more than {WeightTolerance}; about one in 10,000 may be, by the sign of a gradient near 1e-8");
        if (modalities is ["image"])
        {
            Tensors.Close(headBefore, parameters.Single(p => p.Name.EndsWith("lm_head.weight")).Parameter, 0, what: "the text head, which an image step must not touch");
        }

        foreach (var (name, state) in optimizer.State().Where(s => _golden.Tensors.ContainsKey($"{run}.adam_m.{s.Key.Replace(".exp_avg", "", StringComparison.Ordinal)}")))
        {
            Same($"{run}.adam_m.{name.Replace(".exp_avg", "", StringComparison.Ordinal)}", state, 1e-5);
        }
    }

    [Fact]
    public void Compute_ReferenceCodesImageOffset_EqualsItsOwnLoss()
    {
        var expected = _info.GetProperty("ulm_offset_step0");
        using var policy = Load();
        var parameters = Trainable(policy);
        var batch = new Batch(_golden, 0);
        var advantage = Advantage(_info.GetProperty("steps")[0], "unified");
        var total = 0.0;
        foreach (var modality in new[] { "image", "text" })
        {
            var logps = batch.Logps(policy, modality, legacyOffset: true);
            var loss = GrpoLoss.Compute(logps.Logps, null, _golden.Read($"ulm_offset.ref_{modality}_logps"), advantage, logps.Mask, expected.GetProperty("beta").GetDouble());
            loss.Total.backward();
            Close.To(expected.GetProperty($"loss_{modality}").GetDouble(), loss.Total.item<float>(), 2e-6, what: modality);
            Close.To(expected.GetProperty($"metrics_kl_{modality}").GetDouble(), loss.Kl.item<float>(), 2e-6, what: $"{modality} KL");
            total += loss.Total.item<float>();
        }

        Close.To(expected.GetProperty("loss").GetDouble(), total, 2e-6);
        CheckGradientNorms(expected.GetProperty("grad_norms"), parameters);
    }

    [Fact]
    public void At_GoldenSchedules_GivesTheirRates()
    {
        var schedules = _info.GetProperty("schedules");
        var peak = schedules.GetProperty("base_learning_rate").GetDouble();
        foreach (var table in schedules.GetProperty("values").EnumerateObject())
        {
            var parts = table.Name.Split('_'); // kind, …, "warmup<n>", "total<n>"
            var schedule = Enum.Parse<LearningRateSchedule>(parts[0], ignoreCase: true);
            var (warmup, total) = (long.Parse(parts[^2]["warmup".Length..]), long.Parse(parts[^1]["total".Length..]));
            var expected = GoldenJson.Numbers(table.Value);
            Close.To(expected, [.. expected.Select((_, step) => LearningRate.At(schedule, peak, step, total, warmup))], 1e-18, 1e-12, table.Name);
        }
    }

    private static JanusPro Load() => JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));

    private static (string Name, Parameter Parameter)[] Trainable(JanusPro model)
    {
        (string Name, Parameter Parameter)[] parameters = [.. model.named_parameters().Where(p => p.name.StartsWith("language_model."))];
        foreach (var (_, parameter) in parameters)
        {
            parameter.requires_grad = true;
        }

        return parameters;
    }

    // R = cycle + tim + λ (accuracy + format), each modality's part of it for the refined stages
    private Tensor Advantage(JsonElement step, string kind)
    {
        double[] Reward(string name) => GoldenJson.Numbers(step.GetProperty("rewards").GetProperty(name));
        var lambda = kind switch { "unified" => _info.GetProperty("lambda").GetDouble(), "image" => 0, _ => 1 };
        var image = Reward("cycle").Zip(Reward("tim"), (a, b) => kind == "text" ? 0 : a + b);
        var text = Reward("accuracy").Zip(Reward("format"), (a, b) => lambda * (a + b));
        float?[] totals = [.. image.Zip(text, (a, b) => (float?)(a + b))];
        var advantage = GroupAdvantage.Of(totals, _info.GetProperty("group").GetInt32());
        Close.To(GoldenJson.Numbers(step.GetProperty("advantages").GetProperty(kind)), advantage.data<double>().ToArray(), 5e-6, what: kind);
        return advantage;
    }

    private void Same(string key, Tensor actual, double absolute) => Tensors.Close(_golden.Read(key).narrow(-1, 0, actual.shape[^1]), actual, absolute, what: key);

    private static void CheckGradientNorms(JsonElement expected, (string Name, Parameter Parameter)[] parameters)
    {
        foreach (var (name, parameter) in parameters)
        {
            var norm = parameter.grad?.to(float64).norm().item<double>() ?? double.NaN; // null in the file: no gradient
            Close.To(GoldenJson.Number(expected.GetProperty(name)), norm, 1e-6, 1e-4, $"gradient norm of {name}");
        }
    }

    private static void CheckWeights(JsonElement expected, (string Name, Parameter Parameter)[] parameters)
    {
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            var weight = parameter.detach().to(float64);
            Close.To(expected.GetProperty(name).GetProperty("norm").GetDouble(), weight.norm().item<double>(), 0, 1e-6, $"norm of {name}");
            Close.To(expected.GetProperty(name).GetProperty("sum_abs").GetDouble(), weight.abs().sum().item<double>(), 0, 1e-6, $"sum of |{name}|");
            Close.To(expected.GetProperty(name).GetProperty("sum").GetDouble(), weight.sum().item<double>(), 5e-3, what: $"sum of {name}");
        }
    }

    private void CheckSlices(string prefix, (string Name, Parameter Parameter)[] parameters, Func<Parameter, Tensor?> of, double absolute)
    {
        foreach (var (name, parameter) in parameters.Where(p => _golden.Tensors.ContainsKey(prefix + p.Name)))
        {
            Tensors.Close(_golden.Read(prefix + name), SliceOf(of(parameter)!, _golden.Tensors[prefix + name].Shape), absolute, what: prefix + name);
        }
    }

    private int CountFar(string prefix, (string Name, Parameter Parameter)[] parameters) =>
        parameters.Where(p => _golden.Tensors.ContainsKey(prefix + p.Name))
            .Sum(p => (int)(_golden.Read(prefix + p.Name) - SliceOf(p.Parameter.detach(), _golden.Tensors[prefix + p.Name].Shape)).abs().gt(WeightTolerance).sum().item<long>());

    // The stored slices: rows 298 to 309 of the embedding, the first 8 × 16 of a matrix, norms whole (golden/janus/README.md)
    private static Tensor SliceOf(Tensor whole, long[] shape) => shape switch
    {
        [12, _] => whole.narrow(0, 298, 12),
        [8, 16] => whole.narrow(0, 0, 8).narrow(1, 0, 16),
        _ => whole,
    };

    /// <summary>The rollouts of one step: 2 prompts, G = 4.</summary>
    private sealed class Batch(CheckpointReader golden, int step)
    {
        public TokenScores Logps(JanusPro model, string modality, bool legacyOffset = false)
        {
            if (modality == "image")
            {
                return LogProbs.Image(model, Tensors.Rows(Of("image_prompt_ids"), Of("image_prompt_mask")), Of("image_ids"), Ids.Pad, 1, legacyOffset);
            }

            Tensor images;
            using (no_grad())
            {
                images = model.EmbedImages(Of("pixel_values").flatten(0, 1));
            }

            return LogProbs.Text(model, Tensors.Rows(Of("text_prompt_ids"), Of("text_prompt_mask")), Tensors.Rows(Of("completion_ids"), Of("completion_mask")), images, Ids);
        }

        private Tensor Of(string name) => golden.Read($"step{step}.{name}");
    }
}
