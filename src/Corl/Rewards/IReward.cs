namespace Corl.Rewards;

/// <summary>
/// Scores candidates; higher is better. A reward never throws on what the policy produced: what cannot be scored gets a floor value and
/// is counted in <see cref="Scores.Failed"/>. The order of rows is kept and a row's score does not depend on the rest of the batch.
/// Adding a reward is writing one class: <c>samples/CustomReward.cs</c>.
/// </summary>
public interface IReward
{
    /// <summary>Key of this reward in recipes and in the run log, for example "cycle".</summary>
    string Name { get; }

    /// <summary>Which completion this reward judges.</summary>
    Modality Judges { get; }

    /// <summary>Scores every candidate.</summary>
    /// <returns>One score per candidate, in candidate order. An array of scores converts implicitly.</returns>
    Scores Score(Candidates candidates);
}
