using Corl.Training;

namespace Corl.Grpo;

/// <summary>Which rewards the advantage of a modality's tokens is made of.</summary>
public enum AdvantageKind
{
    /// <summary>One A_i of the joint reward for a candidate's image and answer: Eq. (5), (6).</summary>
    Joint,

    /// <summary>Image tokens get the advantage of the image rewards, answer tokens that of the text rewards; ours.</summary>
    PerModality,
}

/// <summary>
/// A stage of reinforcement learning as data: one column of the paper's Table 5 and what the paper leaves open. What has no default is in
/// the table.
/// </summary>
public sealed record StageConfig : TrainingConfig
{
    private const int MaxResamples = 100; // ours: where a hundred batches do not differ in reward, there is nothing left to teach

    /// <summary>G: candidates sampled per prompt, at least 2.</summary>
    public required int GroupSize { get; init; }

    /// <summary>β: weight of the KL term; 0 means that no reference policy is kept.</summary>
    public required double Beta { get; init; }

    /// <summary>Updates with each batch of rollouts. 1 in the paper: the ratio of Eq. (2) is then 1 in value.</summary>
    public int UpdatesPerBatch { get; init; } = 1;

    /// <summary>
    /// How many more batches a step may sample for groups whose candidates differ in reward, to take the place of those that teach nothing
    /// (DAPO's dynamic sampling; not in the paper). 0: the batch stays as it was drawn.
    /// </summary>
    public int Resamples { get; init; }

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

    /// <summary>Scores image token j with the state that has already read it: the reference code's shift by one, for comparisons only.</summary>
    public bool LegacyImageOffset { get; init; }

    /// <summary>Whether held-out questions are answered greedily, as §4.1 evaluates, or sampled like those of the training.</summary>
    public bool EvalGreedy { get; init; } = true;

    /// <summary>This configuration if a run can be made of it; otherwise the error says which setting to change.</summary>
    public StageConfig Validated()
    {
        RefuseProblems();
        return this;
    }

    /// <inheritdoc/>
    protected override IEnumerable<(bool IsWrong, string Problem)> Problems()
    {
        yield return (GroupSize < 2, $"group_size is {GroupSize}, but an advantage compares at least 2 candidates; set it to 2 or more");
        yield return (!(Beta >= 0 && double.IsFinite(Beta)), $"beta is {Beta}, expected 0 or more; use 0 for no KL term");
        yield return (UpdatesPerBatch < 1, $"updates_per_batch is {UpdatesPerBatch}, expected at least 1");
        yield return (Resamples is < 0 or > MaxResamples, $"resamples is {Resamples}, expected 0 (none) to {MaxResamples}");
        yield return (!double.IsFinite(Guidance), $"guidance is {Guidance}, expected a number; 1 samples without guidance");
        yield return (!(Temperature > 0 && double.IsFinite(Temperature)), $"temperature is {Temperature}, expected a positive number; the policy must sample to explore");
        yield return (TopK < 0, $"top_k is {TopK}, expected 0 (all tokens) or more");
        yield return (Rewards.Count == 0, "rewards is empty; name at least one, for example cycle: 1");
        yield return (Advantage == AdvantageKind.PerModality && Tasks != StageTasks.Unified, $"advantage per_modality needs tasks unified, but tasks is {Tasks}");
        foreach (var (name, weight) in Rewards)
        {
            yield return (!double.IsFinite(weight), $"the weight of reward \"{name}\" is {weight}, expected a finite number");
        }

        foreach (var problem in base.Problems().Concat(Loss?.Problems() ?? []))
        {
            yield return problem;
        }
    }
}
