using Corl.Cli.Recipes;
using Corl.Text;

namespace Corl.Cli;

/// <summary>Turns the names of a recipe into rewards, once, at the edge of the program.</summary>
internal static class RewardModels
{
    /// <summary>The names that a recipe's rewards may have.</summary>
    public static readonly string[] RewardNames = ["cycle", "tim", "accuracy", "format"];

    /// <summary>How captions are compared.</summary>
    public static Spice Spice(SpiceKind kind) => kind switch
    {
        SpiceKind.Shapes => Text.Spice.Shapes,
        SpiceKind.ShapesMultiset => Text.Spice.ShapesMultiset,
        _ => Text.Spice.Shapes,
    };
}
