using System.Globalization;
using System.Text.Json;
using Corl.Reports;

namespace Corl.Training;

/// <summary>Keeps the batch of an update that could not be made, for whoever looks for the reason.</summary>
internal static class FaultReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // prompts and answers stay readable
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Writes step-…/batch.jsonl (a line per candidate: row, tokens or codes, rewards), completions.parquet and metrics.json.</summary>
    /// <returns>The error that ends the run.</returns>
    public static UserException Save(string directory, TrainingConfig settings, StepResult result, string fault)
    {
        var step = result.Step + 1;
        var folder = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"step-{step:00000000}"));
        AtomicFile.WriteText(Path.Combine(folder, "batch.jsonl"), string.Concat(result.Completions.Lines().Select(line => JsonSerializer.Serialize(line, Json) + "\n")));
        AtomicFile.WriteText(Path.Combine(folder, "metrics.json"), JsonSerializer.Serialize(result.Metrics, Json) + "\n");
        CompletionsFile.Write(Path.Combine(folder, "completions.parquet"), step, result.Completions.Rows());
        return new UserException(
            $"stage {settings.Name}, step {step}: {fault}, so nothing was updated; the batch is in {folder}; lower learning_rate, or leave such updates out with skip_bad_updates: true");
    }
}
