using System.Text.Json;
using Corl.Grpo;
using static TorchSharp.torch;

namespace Corl.Tests.Grpo;

/// <summary>One set of per-token log-probabilities of the golden losses.</summary>
internal sealed class InputSet
{
    public InputSet(string name, ScalarType dtype)
    {
        using var file = Tensors.Golden("grpo/loss_inputs.safetensors");
        Logp = file.Read($"{name}/logp").to(dtype).requires_grad_(true);
        OldLogp = file.Tensors.ContainsKey($"{name}/old_logp") ? file.Read($"{name}/old_logp").to(dtype) : null;
        RefLogp = file.Read($"{name}/ref_logp").to(dtype);
        Advantage = file.Read($"{name}/advantages").to(dtype);
        Entropy = file.Read($"{name}/entropy").to(dtype);
        Mask = file.Read($"{name}/mask");
    }

    public Tensor Logp { get; }

    public Tensor? OldLogp { get; }

    public Tensor RefLogp { get; }

    public Tensor Advantage { get; }

    public Tensor Entropy { get; }

    public Tensor Mask { get; }
}

/// <summary>TRL's options as this project's.</summary>
internal static class TrlCases
{
    public static LossVariant Variant(JsonElement options) => new()
    {
        Type = Enum.Parse<LossType>(options.GetProperty("loss_type").GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
        Level = Enum.Parse<ImportanceLevel>(options.GetProperty("importance_sampling_level").GetString()!, ignoreCase: true),
        Clip = Optional(options, "epsilon"),
        ClipHigh = Optional(options, "epsilon_high"),
        Delta = Optional(options, "delta"),
        CorrectKlByRatio = options.GetProperty("use_bias_correction_kl").GetBoolean(),
        MaxCompletionLength = options.GetProperty("max_completion_length").GetInt32(),
        SapoTemperaturePositive = Optional(options, "sapo_temperature_pos") ?? 1,
        SapoTemperatureNegative = Optional(options, "sapo_temperature_neg") ?? 1.05,
        VespoPositive = (Optional(options, "vespo_k_pos") ?? 2, Optional(options, "vespo_lambda_pos") ?? 3),
        VespoNegative = (Optional(options, "vespo_k_neg") ?? 3, Optional(options, "vespo_lambda_neg") ?? 2),
        OffPolicyThreshold = Optional(options, "off_policy_mask_threshold"),
        TopEntropy = Optional(options, "top_entropy_quantile") ?? 1,
        EntropyBonus = Optional(options, "entropy_coef") ?? 0,
    };

    // A case is one of `gradient_accumulation_steps` micro-batches of `rows` rows
    public static BatchTotals Batch(JsonElement options, long rows)
    {
        var accumulation = options.GetProperty("gradient_accumulation_steps").GetDouble();
        var tokens = options.GetProperty("num_items_in_batch").GetDouble() * accumulation / options.GetProperty("steps_per_generation").GetDouble();
        return new BatchTotals(rows * accumulation, tokens);
    }

    private static double? Optional(JsonElement options, string name) =>
        options.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
