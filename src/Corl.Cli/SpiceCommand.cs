using System.CommandLine;
using Corl.Cli.Recipes;
using Corl.Text;

namespace Corl.Cli;

/// <summary>Compares two captions by their scene graphs.</summary>
internal static class SpiceCommand
{
    private static readonly Argument<string> Candidate = new("candidate") { Description = "The caption to judge" };
    private static readonly Argument<string> Reference = new("reference") { Description = "The caption to judge it by" };
    private static readonly Option<SpiceKind> Kind = new("--kind") { Description = "english, shapes or shapes_multiset", HelpName = "kind" };

    public static Command Create() =>
        new Verb("spice", "Compare two captions by their scene graphs", "corl spice \"a red star above a circle\" \"a red star and a blue circle\"", Run) { Candidate, Reference, Kind };

    private static int Run(Session session)
    {
        var spice = RewardModels.Spice(session.Value(Kind));
        var (candidate, reference) = (spice.Graph(session.Value(Candidate)), spice.Graph(session.Value(Reference)));
        var score = spice.Score(candidate, reference);
        session.Print($"candidate  {Line(candidate)}");
        session.Print($"reference  {Line(reference)}");
        session.Print($"precision {score.Precision:F4}  recall {score.Recall:F4}  F {score.F:F4}");
        session.Document(new { candidate = candidate.Tuples, reference = reference.Tuples, precision = score.Precision, recall = score.Recall, f = score.F });
        return Program.Done;
    }

    private static string Line(SceneGraph graph) => string.Join("  ", graph.Tuples.Select(tuple => $"({string.Join(", ", tuple)})"));
}
