namespace Corl.Grpo;

/// <summary>What a stage trains on each step. The names are those of recipes.</summary>
public enum StageTasks
{
    /// <summary>An image and an answer per candidate, o_i = (I_i, T_i): Eq. (6).</summary>
    Unified,

    /// <summary>Images only (text to image).</summary>
    T2i,

    /// <summary>Answers to multiple-choice questions only.</summary>
    Mcq,

    /// <summary>Answers to open-ended questions only.</summary>
    Oe,

    /// <summary>Answers to questions of both kinds (multimodal to text).</summary>
    Mm2t,

    /// <summary><see cref="T2i"/> and <see cref="Mm2t"/> by turns: paradigm (iii) of §3.2.</summary>
    Cycle,
}

/// <summary>Which rewards the advantage of a modality's tokens is made of.</summary>
public enum AdvantageKind
{
    /// <summary>One A_i of the joint reward for a candidate's image and answer: Eq. (5), (6).</summary>
    Joint,

    /// <summary>Image tokens get the advantage of the image rewards, answer tokens that of the text rewards; ours.</summary>
    PerModality,
}

/// <summary>
/// A training stage as data: one column of the paper's Table 5 and what the paper leaves open. What has no default is in the table.
/// Defaults that the table lacks are those of the published training script, which runs on the Hugging Face trainer's.
/// </summary>
public sealed record StageConfig
{
    /// <summary>Name of the stage in logs and run directories.</summary>
    public required string Name { get; init; }

    /// <summary>What is trained.</summary>
    public required StageTasks Tasks { get; init; }

    /// <summary>G: candidates sampled per prompt, at least 2.</summary>
    public required int GroupSize { get; init; }

    /// <summary>β: weight of the KL term; 0 means that no reference policy is kept.</summary>
    public required double Beta { get; init; }

    /// <summary>Prompts (and questions) whose tokens would exceed this are skipped and counted. Table 5: 1024, for T2I 256.</summary>
    public required int MaxPromptLength { get; init; }

    /// <summary>Tokens of an answer, at most. Table 5: 512; T2I has none, its completion is an image.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>B: prompts per update.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Prompts sampled, scored and back-propagated together; the gradient is the same for every choice. 0: all of the batch.</summary>
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

    /// <summary>Updates with each batch of rollouts. 1 in the paper: the ratio of Eq. (2) is then 1 in value.</summary>
    public int UpdatesPerBatch { get; init; } = 1;

    /// <summary>Updates that <see cref="StageTasks.Cycle"/> spends on one task before the other's turn. The paper gives no number.</summary>
    public int CycleSteps { get; init; } = 1;

    /// <summary>Largest norm of a gradient; larger ones are scaled down to it.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>β₁ of AdamW.</summary>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>β₂ of AdamW.</summary>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>ε of AdamW.</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Weight of classifier-free guidance when images are sampled. §4.1: 5.</summary>
    public double Guidance { get; init; } = 5;

    /// <summary>Sampling temperature of both modalities, and of their log-probabilities.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k likeliest text tokens are sampled; 0 for all. The reference code's library applies 50 unasked.</summary>
    public int TopK { get; init; }

    /// <summary>Whether a candidate has one advantage or one per modality.</summary>
    public AdvantageKind Advantage { get; init; } = AdvantageKind.Joint;

    /// <summary>What advantages are divided by.</summary>
    public AdvantageScale AdvantageScale { get; init; } = AdvantageScale.Group;

    /// <summary>Rewards by name with their weights. Eq. (5) has cycle 1, tim 1, accuracy λ, format λ with λ = 0.8.</summary>
    public required IReadOnlyDictionary<string, double> Rewards { get; init; }

    /// <summary>The loss, where it is not the paper's.</summary>
    public LossVariant? Loss { get; init; }

    /// <summary>Parts of the model that are trained, by name prefix. The language model with its embeddings and head, as in the reference code.</summary>
    public IReadOnlyList<string> TrainableParts { get; init; } = ["language_model"];

    /// <summary>Scores image token j with the state that has already read it: the reference code's shift by one, for comparisons only.</summary>
    public bool LegacyImageOffset { get; init; }

    /// <summary>Updates between lines of the run log.</summary>
    public long LoggingSteps { get; init; } = 1;

    /// <summary>Updates between checkpoints; 0 writes one at the end only.</summary>
    public long CheckpointSteps { get; init; } = 50;

    /// <summary>Latest checkpoints kept, besides the best one.</summary>
    public int CheckpointsKept { get; init; } = 2;

    /// <summary>Updates between evaluations; 0 for none.</summary>
    public long EvalSteps { get; init; }

    /// <summary>Seed of every random number of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Updates of the run on <paramref name="samples"/> rows of data.</summary>
    public long TotalSteps(long samples) => Steps ?? (long)Math.Ceiling(Epochs * samples / BatchSize);

    /// <summary>The rate of update <paramref name="step"/> (from 0) of <paramref name="totalSteps"/>.</summary>
    public double LearningRateAt(long step, long totalSteps) => Grpo.LearningRate.At(Schedule, LearningRate, step, totalSteps, WarmupSteps);

    /// <summary>Whether <paramref name="step"/> trains images.</summary>
    public bool TrainsImages(long step) => Tasks is StageTasks.Unified or StageTasks.T2i || (Tasks is StageTasks.Cycle && step / CycleSteps % 2 == 0);

    /// <summary>Whether <paramref name="step"/> trains answers.</summary>
    public bool TrainsText(long step) => Tasks is StageTasks.Unified || !TrainsImages(step);

    /// <summary>Whether a row of the data must have a prompt.</summary>
    public bool NeedsPrompts => Tasks is StageTasks.Unified or StageTasks.T2i or StageTasks.Cycle;

    /// <summary>Whether a row of the data must have an image with a question and its answer.</summary>
    public bool NeedsQuestions => Tasks is not StageTasks.T2i;

    /// <summary>This configuration if a run can be made of it; otherwise the error says which setting to change.</summary>
    public StageConfig Validated()
    {
        foreach (var (isWrong, problem) in Problems())
        {
            if (isWrong)
            {
                throw new UserException($"Stage \"{Name}\": {problem}.");
            }
        }

        return this;
    }

    private IEnumerable<(bool IsWrong, string Problem)> Problems()
    {
        yield return (GroupSize < 2, $"group_size is {GroupSize}, but an advantage compares at least 2 candidates; set it to 2 or more");
        yield return (!(Beta >= 0 && double.IsFinite(Beta)), $"beta is {Beta}, expected 0 or more; use 0 for no KL term");
        yield return (BatchSize < 1, $"batch_size is {BatchSize}, expected at least 1 prompt");
        yield return (MicroBatchSize < 0 || MicroBatchSize > BatchSize, $"micro_batch_size is {MicroBatchSize}, expected 0 (all) to batch_size, {BatchSize}");
        yield return (MaxPromptLength < 1, $"max_prompt_length is {MaxPromptLength}, expected at least 1 token");
        yield return (MaxCompletionLength < 1, $"max_completion_length is {MaxCompletionLength}, expected at least 1 token");
        yield return (!(LearningRate > 0 && double.IsFinite(LearningRate)), $"learning_rate is {LearningRate}, expected a positive number");
        yield return (WarmupSteps < 0, $"warmup_steps is {WarmupSteps}, expected 0 or more");
        yield return (Steps is null && !(Epochs > 0 && double.IsFinite(Epochs)), $"epochs is {Epochs}, expected a positive number");
        yield return (Steps < 1, $"steps is {Steps}, expected at least 1");
        yield return (UpdatesPerBatch < 1, $"updates_per_batch is {UpdatesPerBatch}, expected at least 1");
        yield return (CycleSteps < 1, $"cycle_steps is {CycleSteps}, expected at least 1");
        yield return (!(MaxGradNorm > 0), $"max_grad_norm is {MaxGradNorm}, expected a positive number; a very large one clips nothing");
        yield return (!(WeightDecay >= 0 && double.IsFinite(WeightDecay)), $"weight_decay is {WeightDecay}, expected 0 or more");
        yield return (!(AdamBeta1 is >= 0 and < 1), $"adam_beta1 is {AdamBeta1}, expected a number from 0 to below 1");
        yield return (!(AdamBeta2 is >= 0 and < 1), $"adam_beta2 is {AdamBeta2}, expected a number from 0 to below 1");
        yield return (!(AdamEpsilon > 0), $"adam_epsilon is {AdamEpsilon}, expected a positive number");
        yield return (!double.IsFinite(Guidance), $"guidance is {Guidance}, expected a number; 1 samples without guidance");
        yield return (!(Temperature > 0 && double.IsFinite(Temperature)), $"temperature is {Temperature}, expected a positive number; the policy must sample to explore");
        yield return (TopK < 0, $"top_k is {TopK}, expected 0 (all tokens) or more");
        yield return (Rewards.Count == 0, "rewards is empty; name at least one, for example cycle: 1");
        yield return (TrainableParts.Count == 0, "trainable_parts is empty, so nothing would be trained; the usual value is [language_model]");
        yield return (Advantage == AdvantageKind.PerModality && Tasks != StageTasks.Unified, $"advantage per_modality needs tasks unified, but tasks is {Tasks}");
        yield return (LoggingSteps < 1, $"logging_steps is {LoggingSteps}, expected at least 1");
        yield return (CheckpointSteps < 0, $"checkpoint_steps is {CheckpointSteps}, expected 0 (at the end only) or more");
        yield return (CheckpointsKept < 1, $"checkpoints_kept is {CheckpointsKept}, expected at least 1");
        yield return (EvalSteps < 0, $"eval_steps is {EvalSteps}, expected 0 (never) or more");
        foreach (var (name, weight) in Rewards)
        {
            yield return (!double.IsFinite(weight), $"the weight of reward \"{name}\" is {weight}, expected a finite number");
        }

        foreach (var problem in Loss?.Problems() ?? [])
        {
            yield return problem;
        }
    }
}
