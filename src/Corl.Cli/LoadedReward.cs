using Corl.Rewards;

namespace Corl.Cli;

/// <summary>A reward from an assembly of the user's, under the name that the recipe gives it. What it throws is the user's to mend, and says so.</summary>
/// <param name="name">Its key in recipe and log.</param>
/// <param name="reward">The object.</param>
/// <param name="type">Name of its class.</param>
internal sealed class LoadedReward(string name, IReward reward, string type) : IReward, IDisposable
{
    public string Name => name;

    public Modality Judges { get; } = reward.Judges;

    public Scores Score(Candidates candidates)
    {
        try
        {
            return reward.Score(candidates) ?? throw new InvalidOperationException("it returned null");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new UserException($"reward '{name}': {type} threw {e.GetType().Name}: {Quoted.Line(e.Message)}; a reward must not throw, whatever the policy wrote", e);
        }
    }

    public void Dispose() => (reward as IDisposable)?.Dispose();
}
