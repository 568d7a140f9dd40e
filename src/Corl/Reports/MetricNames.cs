namespace Corl.Reports;

/// <summary>
/// The names of logged numbers. Where TRL's GRPO trainer logs the same quantity, its name is used, so that existing dashboards work;
/// what only CoRL has (two modalities, two log-probabilities) is named after it. docs/metrics.md defines each.
/// </summary>
public static class MetricNames
{
    /// <summary>The loss that was minimised.</summary>
    public const string Loss = "loss";

    /// <summary>The norm of the gradient before clipping.</summary>
    public const string GradNorm = "grad_norm";

    /// <summary>The learning rate of the step.</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Passes over the data, as a fraction.</summary>
    public const string Epoch = "epoch";

    /// <summary>Tokens sampled in the step, both modalities.</summary>
    public const string NumTokens = "num_tokens";

    /// <summary>Seconds for the whole step.</summary>
    public const string StepTime = "step_time";

    /// <summary>The mean of the weighted sum of all rewards.</summary>
    public const string Reward = "reward";

    /// <summary>The mean over groups of the standard deviation of the weighted sum within a group.</summary>
    public const string RewardStd = "reward_std";

    /// <summary>The share of groups whose rewards are all equal, which therefore move no weight.</summary>
    public const string FracRewardZeroStd = "frac_reward_zero_std";

    /// <summary>The mean of the estimated divergence from the reference policy, per token; "kl/text" and "kl/image" by modality.</summary>
    public const string Kl = "kl";

    /// <summary>The mean entropy of the policy, per token; "entropy/text" and "entropy/image" by modality.</summary>
    public const string Entropy = "entropy";

    /// <summary>Mean length of the written answers in tokens.</summary>
    public const string MeanLength = "completions/mean_length";

    /// <summary>Shortest answer in tokens.</summary>
    public const string MinLength = "completions/min_length";

    /// <summary>Longest answer in tokens.</summary>
    public const string MaxLength = "completions/max_length";

    /// <summary>Share of answers cut off before they ended.</summary>
    public const string ClippedRatio = "completions/clipped_ratio";

    /// <summary>Rows of the data that were met for the step's batch and could not be used.</summary>
    public const string BadRows = "data/bad_rows";

    /// <summary>Largest memory in use so far, in gigabytes.</summary>
    public const string PeakMemory = "mem/peak_alloc_gb";

    /// <summary>The mean of one reward over all candidates.</summary>
    public static string RewardMean(string reward) => $"rewards/{reward}/mean";

    /// <summary>The mean over groups of the standard deviation of one reward within a group: what the advantage can act on.</summary>
    public static string RewardGroupStd(string reward) => $"rewards/{reward}/group_std";

    /// <summary>How many candidates one reward could not score; they count as its floor.</summary>
    public static string RewardFailed(string reward) => $"rewards/{reward}/failed";

    /// <summary>The share of groups in which one reward is the same for all candidates.</summary>
    public static string RewardFracZeroStd(string reward) => $"rewards/{reward}/frac_zero_std";

    /// <summary>The mean absolute difference between log-probabilities kept from sampling and those computed for training; zero but for rounding.</summary>
    public static string LogpAbsDiff(string modality) => $"rollout_logp_absdiff/{modality}";

    /// <summary>A number of an evaluation on held-out data during training.</summary>
    public static string Eval(string name) => $"eval_{name}";

    /// <summary>Seconds of one phase of a step: rollout_image, rollout_text, reward, forward, backward.</summary>
    public static string Time(string phase) => $"time/{phase}";
}
