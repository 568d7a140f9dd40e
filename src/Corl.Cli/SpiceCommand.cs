using System.CommandLine;
using System.Globalization;
using Corl.Cli.Recipes;
using Corl.Text;

namespace Corl.Cli;

/// <summary>Compares two captions by their scene graphs.</summary>
internal static class SpiceCommand
{
    private static readonly Argument<string> Candidate = new("candidate") { Description = "The caption to judge" };
    private static readonly Argument<string> Reference = new("reference") { Description = "The caption to judge it by" };
    private static readonly Option<SpiceKind> Kind = new("--parser") { Description = "java (as SPICE 1.0 reads captions), clean (sound English), shapes or shapes_multiset", HelpName = "name" };
    private static readonly Option<CaptionForm> Form = new("--form") { Description = "raw, tokenised (lower case, no punctuation) or stopped (capital and full stop)", HelpName = "name" };
    private static readonly Option<bool> Explain = new("--explain") { Description = "Show both scene graphs, what matched, and the score by kind of tuple" };

    public static Command Create() => new Verb("spice", "Compare two captions by their scene graphs", "corl spice \"a man riding a horse\" \"A man is on a brown horse.\" --explain", Run)
    {
        Candidate, Reference, Kind, Form, Explain,
    };

    private static int Run(Session session)
    {
        var spice = RewardModels.Spice(session.Value(Kind), session.Value(Form));
        var (candidate, reference) = (session.Value(Candidate), session.Value(Reference));
        var score = spice.Score(candidate, reference);
        var report = spice.Explain(candidate, reference);
        if (session.Value(Explain))
        {
            session.Print($"candidate  {Line(report.Candidate)}");
            session.Print($"reference  {Line(report.Reference)}");
            session.Print("(matched tuples are marked with =)");
            foreach (var (name, part) in Parts(report))
            {
                session.Print(string.Create(CultureInfo.InvariantCulture, $"{name,-12}{part.True} of {part.True + part.False} candidate tuples match, {part.True + part.Missed} in the reference"));
            }
        }

        session.Print(string.Create(CultureInfo.InvariantCulture, $"precision {score.Precision:F4}  recall {score.Recall:F4}  F {score.F:F4}  ({spice.Parser.Name}, {session.Value(Form).ToString().ToLowerInvariant()})"));
        session.Document(new
        {
            parser = spice.Parser.Name,
            form = session.Value(Form).ToString().ToLowerInvariant(),
            candidate = report.Candidate.Select(tuple => tuple.Parts),
            reference = report.Reference.Select(tuple => tuple.Parts),
            matched = report.Candidate.Where(tuple => tuple.IsMatched).Select(tuple => tuple.Parts),
            precision = score.Precision,
            recall = score.Recall,
            f = score.F,
        });
        return Program.Done;
    }

    private static (string Name, SpicePart Part)[] Parts(SpiceReport report) =>
        [("objects", report.Objects), ("attributes", report.Attributes), ("relations", report.Relations), ("colours", report.Colour), ("numbers", report.Cardinality)];

    private static string Line(IReadOnlyList<ReportedTuple> tuples) => string.Join("  ", tuples.Select(tuple => $"{(tuple.IsMatched ? "=" : "")}({string.Join(", ", tuple.Parts)})"));
}
