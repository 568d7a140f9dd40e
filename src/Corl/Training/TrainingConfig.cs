namespace Corl.Training;

/// <summary>
/// What every kind of training needs to know: the run's name, its batches, the optimizer, when something is logged, saved and evaluated.
/// Defaults that the paper's Table 5 lacks are those of the published training script, which runs on the Hugging Face trainer's.
/// </summary>
public abstract record TrainingConfig
{
    /// <summary>Name of the stage in logs and run directories.</summary>
    public required string Name { get; init; }

    /// <summary>What is trained.</summary>
    public required StageTasks Tasks { get; init; }

    /// <summary>Prompts (and questions) whose tokens would exceed this are skipped and counted. Table 5: 1024, for T2I 256.</summary>
    public required int MaxPromptLength { get; init; }

    /// <summary>Tokens of an answer, at most. Table 5: 512; T2I has none, its completion is an image.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>B: prompts per update.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Prompts that pass through the model together; the gradient is the same for every choice. 0: all of the batch.</summary>
    public int MicroBatchSize { get; init; }

    /// <summary>Peak learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Form of the learning rate over the run.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Linear;

    /// <summary>Updates of linear rise to the peak.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Passes over the data. Table 5: 1.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Updates; when set, <see cref="Epochs"/> does not count.</summary>
    public long? Steps { get; init; }

    /// <summary>Updates that <see cref="StageTasks.Cycle"/> spends on one task before the other's turn. The paper gives no number.</summary>
    public int CycleSteps { get; init; } = 1;

    /// <summary>Largest norm of a gradient; larger ones are scaled down to it.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>
    /// Whether an update whose gradient is not finite is left out and counted. Otherwise the run ends there, with the batch saved: such a
    /// gradient is the sign of a rate that is too high, of a broken weight, or of a fault, and seldom the last.
    /// </summary>
    public bool SkipBadUpdates { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>β₁ of AdamW.</summary>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>β₂ of AdamW.</summary>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>ε of AdamW.</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Parts of the model that are trained, by name prefix. The language model with its embeddings and head, as in the reference code.</summary>
    public IReadOnlyList<string> TrainableParts { get; init; } = ["language_model"];

    /// <summary>
    /// Whether decoder layers keep only their inputs for the backward pass and run again in it: a third more work, and the activations of
    /// one layer in place of all.
    /// </summary>
    public bool Recompute { get; init; }

    /// <summary>Whether the optimizer keeps its moments and float32 weights in the host's memory. Nothing changes on a CPU.</summary>
    public bool OffloadOptimizer { get; init; }

    /// <summary>Updates between lines of the run log.</summary>
    public long LoggingSteps { get; init; } = 1;

    /// <summary>Updates between checkpoints; 0 writes one at the end only.</summary>
    public long CheckpointSteps { get; init; } = 50;

    /// <summary>Latest checkpoints kept, besides the best one.</summary>
    public int CheckpointsKept { get; init; } = 2;

    /// <summary>Updates between evaluations on held-out data, which also choose the best checkpoint; 0 for none.</summary>
    public long EvalSteps { get; init; }

    /// <summary>Held-out rows of an evaluation, at most.</summary>
    public int EvalRows { get; init; } = 256;

    /// <summary>Seed of every random number of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Prompts of a micro-batch.</summary>
    internal int PromptsAtOnce => MicroBatchSize == 0 ? BatchSize : MicroBatchSize;

    /// <summary>Updates of the run on <paramref name="samples"/> rows of data.</summary>
    public long TotalSteps(long samples) => Steps ?? (long)Math.Ceiling(Epochs * samples / BatchSize);

    /// <summary>The rate of update <paramref name="step"/> (from 0) of <paramref name="totalSteps"/>.</summary>
    public double LearningRateAt(long step, long totalSteps) => Training.LearningRate.At(Schedule, LearningRate, step, totalSteps, WarmupSteps);

    /// <summary>Whether <paramref name="step"/> trains images.</summary>
    public bool TrainsImages(long step) => Tasks is StageTasks.Unified or StageTasks.T2i || (Tasks is StageTasks.Cycle && step / CycleSteps % 2 == 0);

    /// <summary>Whether <paramref name="step"/> trains answers.</summary>
    public bool TrainsText(long step) => Tasks is StageTasks.Unified || !TrainsImages(step);

    /// <summary>Whether a row of the data must have a prompt.</summary>
    public bool NeedsPrompts => Tasks is StageTasks.Unified or StageTasks.T2i or StageTasks.Cycle;

    /// <summary>Whether a row of the data must have an image with a question and its answer.</summary>
    public bool NeedsQuestions => Tasks is not StageTasks.T2i;

    /// <summary>What no run can be made of: which setting, what it is, what it should be.</summary>
    protected virtual IEnumerable<(bool IsWrong, string Problem)> Problems()
    {
        yield return (BatchSize < 1, $"batch_size is {BatchSize}, expected at least 1 prompt");
        yield return (MicroBatchSize < 0 || MicroBatchSize > BatchSize, $"micro_batch_size is {MicroBatchSize}, expected 0 (all) to batch_size, {BatchSize}");
        yield return (MaxPromptLength < 1, $"max_prompt_length is {MaxPromptLength}, expected at least 1 token");
        yield return (MaxCompletionLength < 1, $"max_completion_length is {MaxCompletionLength}, expected at least 1 token");
        yield return (!(LearningRate > 0 && double.IsFinite(LearningRate)), $"learning_rate is {LearningRate}, expected a positive number");
        yield return (WarmupSteps < 0, $"warmup_steps is {WarmupSteps}, expected 0 or more");
        yield return (Steps is null && !(Epochs > 0 && double.IsFinite(Epochs)), $"epochs is {Epochs}, expected a positive number");
        yield return (Steps < 1, $"steps is {Steps}, expected at least 1");
        yield return (CycleSteps < 1, $"cycle_steps is {CycleSteps}, expected at least 1");
        yield return (!(MaxGradNorm > 0), $"max_grad_norm is {MaxGradNorm}, expected a positive number; a very large one clips nothing");
        yield return (!(WeightDecay >= 0 && double.IsFinite(WeightDecay)), $"weight_decay is {WeightDecay}, expected 0 or more");
        yield return (!(AdamBeta1 is >= 0 and < 1), $"adam_beta1 is {AdamBeta1}, expected a number from 0 to below 1");
        yield return (!(AdamBeta2 is >= 0 and < 1), $"adam_beta2 is {AdamBeta2}, expected a number from 0 to below 1");
        yield return (!(AdamEpsilon > 0), $"adam_epsilon is {AdamEpsilon}, expected a positive number");
        yield return (TrainableParts.Count == 0, "trainable_parts is empty, so nothing would be trained; the usual value is [language_model]");
        yield return (LoggingSteps < 1, $"logging_steps is {LoggingSteps}, expected at least 1");
        yield return (CheckpointSteps < 0, $"checkpoint_steps is {CheckpointSteps}, expected 0 (at the end only) or more");
        yield return (CheckpointsKept < 1, $"checkpoints_kept is {CheckpointsKept}, expected at least 1");
        yield return (EvalSteps < 0, $"eval_steps is {EvalSteps}, expected 0 (never) or more");
        yield return (EvalRows < 1, $"eval_rows is {EvalRows}, expected at least 1");
    }

    /// <summary>Throws the first of <see cref="Problems"/>.</summary>
    protected void RefuseProblems()
    {
        foreach (var (isWrong, problem) in Problems())
        {
            if (isWrong)
            {
                throw new UserException($"Stage \"{Name}\": {problem}.");
            }
        }
    }
}
