namespace Corl.Rewards;

/// <summary>
/// Scores candidates; higher is better. A reward never throws on what the policy produced: what cannot be scored gets not-a-number, which
/// a <see cref="RewardSum"/> counts and replaces by the term's floor. The order of rows is kept and a row's score does not depend on the
/// rest of the batch. Adding a reward is writing one class (<c>samples/CustomReward.cs</c>), which a recipe can name (docs/rewards.md).
/// </summary>
public interface IReward
{
    /// <summary>Key of this reward in the run log, for example "cycle"; a recipe that names a class of yours gives its own.</summary>
    string Name { get; }

    /// <summary>Which completion this reward judges.</summary>
    Modality Judges { get; }

    /// <summary>Scores every candidate.</summary>
    /// <returns>One score per candidate, in candidate order. An array of scores converts implicitly.</returns>
    Scores Score(Candidates candidates);
}
