using System.Text.Json;
using Corl.Grpo;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;
using AdamW = Corl.Training.AdamW;

namespace Corl.Tests.Grpo;

/// <summary>Whole training runs of TRL on a tiny Llama, repeated with this project's loss, clipping, schedule and optimizer.</summary>
public sealed class TrlRunTests
{
    private const double LogpTolerance = 2e-5; // golden/grpo/README.md, as are those of the weights

    public static TheoryData<string> Runs() => [.. Directory.GetFiles(GoldenFiles.Path("grpo/runs"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Train_GivenRollouts_EqualsTrlToTheLastWeight(string run)
    {
        using var scope = NewDisposeScope();
        using var tensors = Tensors.Golden($"grpo/runs/{run}.safetensors");
        var info = GoldenJson.Read($"grpo/runs/{run}.json");
        var options = new Options(info.GetProperty("options"));
        using var model = TinyLlama();
        var parameters = model.named_parameters().ToArray();
        foreach (var (_, parameter) in parameters)
        {
            parameter.requires_grad = true;
        }

        var decays = info.GetProperty("parameters_with_weight_decay").EnumerateArray().Select(name => name.GetString()).ToHashSet();
        using var optimizer = new AdamW(parameters, decays.Contains) { WeightDecay = options.WeightDecay };
        var log = info.GetProperty("log").EnumerateArray().Where(entry => entry.TryGetProperty("grad_norm", out _)).ToArray();
        foreach (var update in info.GetProperty("micro_batches").EnumerateArray().GroupBy(micro => micro.GetProperty("optimizer_step").GetInt32()))
        {
            optimizer.ZeroGrad();
            var metrics = new Dictionary<string, double>();
            foreach (var micro in update)
            {
                Backward(model, tensors.Read, micro, options, metrics, update.Count());
            }

            var norm = GradientClipping.Clip(parameters.Select(p => p.parameter), options.MaxGradNorm);
            if (update.Key == 0)
            {
                foreach (var (name, parameter) in parameters)
                {
                    Tensors.Close(tensors.Read($"first_step_clipped_grad/{name}"), parameter.grad!, 1e-5, what: name);
                }
            }

            var rate = LearningRate.At(options.Schedule, options.PeakRate, update.Key, options.Steps, options.WarmupSteps);
            optimizer.Step(rate);
            var logged = log[update.Key];
            Close.To(logged.GetProperty("learning_rate").GetDouble(), rate, 1e-12, what: "learning rate");
            Close.To(logged.GetProperty("grad_norm").GetDouble(), norm.Norm, 0, 1e-4, $"gradient norm of update {update.Key}");
            foreach (var (name, value) in metrics)
            {
                Close.To(logged.GetProperty(name).GetDouble(), value, 2e-5, 1e-4, $"{name} of update {update.Key}");
            }
        }

        foreach (var (name, parameter) in parameters)
        {
            Tensors.Close(tensors.Read($"final/{name}"), parameter, run == "reuse" ? 2e-4 : 1e-5, what: name);
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Advantages_GivenRewards_EqualTrls(string run)
    {
        using var scope = NewDisposeScope();
        using var tensors = Tensors.Golden($"grpo/runs/{run}.safetensors");
        var info = GoldenJson.Read($"grpo/runs/{run}.json");
        var options = new Options(info.GetProperty("options"));
        var generations = info.GetProperty("generation_batches").EnumerateArray().ToArray();
        var uses = info.GetProperty("micro_batches").GetArrayLength() / generations.Length; // micro-batches per generation, repeats included
        foreach (var (i, generation) in generations.Index())
        {
            float?[] totals = [.. generation.GetProperty("rewards_per_function").EnumerateArray().Select(row => Total(GoldenJson.Numbers(row), options.RewardWeights))];
            var ours = GroupAdvantage.Of(totals, options.GroupSize);
            var theirs = cat([.. Enumerable.Range(uses * i, uses / options.UpdatesPerBatch).Select(m => tensors.Read($"micro{m}/advantages"))]);

            // TRL shuffles the rows of a generation batch before it trains on them
            Tensors.Close(theirs.to(float64).sort().Values, ours.sort().Values, 2e-6, what: $"{run}, batch {i}");
        }
    }

    private static void Backward(Llama model, Func<string, Tensor> read, JsonElement micro, Options options, Dictionary<string, double> metrics, int parts)
    {
        using var scope = NewDisposeScope();
        var index = micro.GetProperty("index").GetInt32();
        Tensor Of(string name) => read($"micro{index}/{name}");
        var (completion, mask) = (Of("completion_ids"), Of("completion_mask"));
        var ids = cat([Of("prompt_ids"), completion], 1);
        var real = cat([Of("prompt_mask"), mask], 1).to(@bool);
        var states = model.Hidden(model.Embed(ids), real).narrow(1, ids.shape[1] - completion.shape[1] - 1, completion.shape[1]);
        var logits = model.Logits(states);
        var logp = Sampler.Logp(logits, completion, options.Temperature);
        var entropy = Sampler.Entropy(logits.detach(), options.Temperature);
        Tensors.Close(Of("entropy") * mask, entropy * mask, LogpTolerance, what: $"entropies of micro-batch {index}");
        Tensors.Close(Of("logp") * mask, logp * mask, LogpTolerance, what: $"log-probabilities of micro-batch {index}");

        var old = options.UpdatesPerBatch > 1 ? Of("old_logps") : null;
        var reference = options.Beta > 0 ? Of("ref_logps") : null;
        var batch = new BatchTotals(completion.shape[0] * parts, micro.GetProperty("num_items_in_batch").GetDouble());
        var loss = GrpoLoss.Compute(logp, old, reference, Of("advantages"), mask, options.Beta, batch, options.Variant);
        loss.Total.backward();
        Close.To(micro.GetProperty("loss").GetDouble(), loss.Total.item<float>(), 2e-5, what: $"loss of micro-batch {index}");
        foreach (var (name, value) in LossMetrics.Of(logp, old, reference, Of("advantages"), mask, options.Variant, entropy).Where(m => !m.Key.EndsWith("_min") && !m.Key.EndsWith("_max")))
        {
            metrics[name] = metrics.GetValueOrDefault(name) + (value / parts); // TRL logs the mean over micro-batches
        }
    }

    private static float? Total(double[] rewards, double[] weights)
    {
        (double Reward, double Weight)[] judged = [.. rewards.Zip(weights).Where(pair => !double.IsNaN(pair.First))];
        return judged.Length == 0 ? null : (float)judged.Sum(pair => pair.Reward * pair.Weight);
    }

    private static Llama TinyLlama()
    {
        var config = GoldenJson.Read("grpo/runs/tiny-llama/config.json");
        int Int(string name) => config.GetProperty(name).GetInt32();
        using var weights = Tensors.Golden("grpo/runs/tiny-llama/model.safetensors");
        return new Llama(
            WeightSource.From((key, _) => weights.Read(key).clone()),
            new LlamaConfig(
                Int("vocab_size"), Int("hidden_size"), Int("intermediate_size"), Int("num_hidden_layers"), Int("num_attention_heads"), Int("num_key_value_heads"), Int("head_dim"),
                RopeTheta: config.GetProperty("rope_parameters").GetProperty("rope_theta").GetDouble(),
                RmsEpsilon: config.GetProperty("rms_norm_eps").GetDouble()));
    }

    /// <summary>A run's options; what is not set has TRL's default.</summary>
    private sealed class Options(JsonElement json)
    {
        public double Beta => Number("beta", 0);

        public double PeakRate => Number("learning_rate", double.NaN);

        public long Steps => (long)Number("max_steps", double.NaN);

        public long WarmupSteps => (long)Number("warmup_steps", 0);

        public LearningRateSchedule Schedule => json.TryGetProperty("lr_scheduler_type", out var type) ? Enum.Parse<LearningRateSchedule>(type.GetString()!, ignoreCase: true) : LearningRateSchedule.Linear;

        public double MaxGradNorm => Number("max_grad_norm", 1);

        public double WeightDecay => Number("weight_decay", 0);

        public double Temperature => Number("temperature", 1);

        public int GroupSize => (int)Number("num_generations", double.NaN);

        public int UpdatesPerBatch => (int)Number("num_iterations", 1);

        public double[] RewardWeights => json.TryGetProperty("reward_weights", out var weights) ? GoldenJson.Numbers(weights) : [1, 1];

        public LossVariant Variant => new()
        {
            Type = Enum.Parse<LossType>(json.GetProperty("loss_type").GetString()!, ignoreCase: true),
            Clip = Number("epsilon", 0.2),
            ClipHigh = Number("epsilon_high", 0.2),
            CorrectKlByRatio = !json.TryGetProperty("use_bias_correction_kl", out var corrects) || corrects.GetBoolean(),
        };

        private double Number(string name, double otherwise) => json.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
    }
}
