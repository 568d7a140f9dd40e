using System.CommandLine;
using Corl.Rollouts;

namespace Corl.Cli;

/// <summary>The options of how tokens are chosen.</summary>
internal static class Decoding
{
    public static readonly Option<double> Temperature = new("--temperature") { Description = "Logits are divided by it", DefaultValueFactory = _ => 1, HelpName = "t" };
    public static readonly Option<bool> Greedy = new("--greedy") { Description = "Take the likeliest token instead of drawing one" };

    /// <summary>The settings of these options.</summary>
    public static SamplingConfig Config(Session session) => session.Value(Temperature) is var t and > 0 && double.IsFinite(t)
        ? new SamplingConfig { Temperature = t, Greedy = session.Value(Greedy) }
        : throw new UserException($"--temperature {session.Value(Temperature)}: expected a positive number; --greedy takes the likeliest token");
}
