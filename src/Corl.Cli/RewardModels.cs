using Corl.Cli.Recipes;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Text;

namespace Corl.Cli;

/// <summary>Turns the names of a recipe into rewards, once, at the edge of the program; owns the networks behind them.</summary>
internal sealed class RewardModels : IDisposable
{
    /// <summary>The names that a recipe's rewards may have.</summary>
    public static readonly string[] RewardNames = ["cycle", "tim", "accuracy", "format"];

    private RewardModels(RewardSum sum) => Sum = sum;

    /// <summary>The recipe's weighted sum, Eq. (5).</summary>
    public RewardSum Sum { get; }

    /// <summary>Loads the networks that the recipe's rewards need, and no others.</summary>
    public static RewardModels Load(Recipe recipe, Policy policy)
    {
        List<RewardTerm> terms = [];
        foreach (var (name, weight) in recipe.Stage.Rewards)
        {
            terms.Add(new RewardTerm(Make(name, recipe.Judges, policy), weight));
        }

        return new RewardModels(new RewardSum(terms));
    }

    /// <summary>How captions are compared.</summary>
    public static Spice Spice(SpiceKind kind) => kind switch
    {
        SpiceKind.Shapes => Text.Spice.Shapes,
        SpiceKind.ShapesMultiset => Text.Spice.ShapesMultiset,
        _ => Text.Spice.Shapes,
    };

    public void Dispose()
    {
    }

    private static IReward Make(string name, JudgeSettings judges, Policy policy) => name switch
    {
        "accuracy" => new AnswerAccuracyReward(),
        "format" => new FormatReward(),
        _ => throw new UserException($"unknown reward '{name}'"),
    };
}
