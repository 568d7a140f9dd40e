using Corl.Models;

namespace Corl.Training;

/// <summary>
/// How long each phase of a step takes at the least, told from sizes: operations over the device's speed, bytes over its bandwidth, or
/// small operations over their launch, whichever is longest. Reward networks other than the VQ decoder are not counted.
/// </summary>
internal static class TimePlan
{
    private const int OperationsPerLayer = 20; // of a decoding step
    private const double DiskBytesPerSecond = 1e9;
    private const int OptimizerPasses = 7; // weight, gradient and two moments read, three written

    /// <summary>Seconds of each phase of one step; "load" comes once.</summary>
    public static IReadOnlyDictionary<string, double> Of(Workload work, MemoryPlan memory, DeviceSpeed device)
    {
        var (llama, seconds) = (work.Model.Language, new Dictionary<string, double>());
        double width = llama.HiddenSize, heads = (double)llama.Heads * llama.HeadWidth, keys = (double)llama.KvHeads * llama.HeadWidth;
        var layers = llama.Layers * ((2 * width * heads) + (2 * width * keys) + (3 * width * llama.IntermediateSize));
        var rows = (double)work.PromptsAtOnce * work.GroupSize;
        var passes = Math.Ceiling((double)work.Batch / work.PromptsAtOnce);
        double imageHead = work.Model.ImageHeadWidth * (width + work.Model.Vq.Codes), textHead = width * llama.VocabularySize;
        double Forward(double count, double length) => count * length * 2 * (layers + (llama.Layers * heads * length));

        // n rows write `tokens` tokens after `past`.
        double Decode(double n, double past, double tokens, double head)
        {
            var flops = n * 2 * (layers + head + (llama.Layers * heads * (past + (tokens / 2)) * 2));
            var bytes = ((layers + head) * work.ElementBytes) + (2.0 * llama.Layers * keys * n * (past + (tokens / 2)) * work.ElementBytes);
            return tokens * new[] { flops / device.Flops, bytes / device.Bandwidth, llama.Layers * OperationsPerLayer * device.LaunchSeconds }.Max();
        }

        seconds["load"] = memory.Weights / DiskBytesPerSecond;
        double imageLength = work.PromptTokens + work.Model.ImageCodes - 1, answerLength = work.QuestionTokens + work.AnswerTokens;
        var scoring = (work.Images ? (Forward(rows, imageLength) + (rows * work.Model.ImageCodes * 2 * imageHead)) : 0)
            + (work.Answers ? (Forward(rows, answerLength) + (rows * work.AnswerTokens * 2 * textHead)) : 0);
        if (work.Samples && work.Images)
        {
            seconds["rollout_image"] = passes * Decode(rows * (work.Guided ? 2 : 1), work.PromptTokens, work.Model.ImageCodes, imageHead);
            seconds["reward"] = work.Batch * work.GroupSize * VqCost.Of(work.Model).Flops / device.Flops;
        }

        if (work.Samples && work.Answers)
        {
            seconds["rollout_text"] = passes * ((Forward(work.PromptsAtOnce, work.QuestionTokens) / device.Flops) + Decode(rows, work.QuestionTokens, work.AnswerTokens, textHead));
        }

        if (work.Reference)
        {
            seconds["reference"] = passes * scoring / device.Flops;
        }

        // Gradients of frozen weights are not computed: forward, gradients of activations, and as much again where weights are trained.
        seconds["backward"] = passes * scoring * ((work.Counts.IsAdapter ? 2 : 3) + (work.Recompute ? 1 : 0)) / device.Flops;
        seconds["optimizer"] = work.Counts.Trained * OptimizerPasses * 4 / device.Bandwidth;
        return seconds;
    }
}
