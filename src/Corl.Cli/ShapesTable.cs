using System.Globalization;
using Corl.Reports;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>Results in the Shapes world side by side.</summary>
internal static class ShapesTable
{
    private const int PerTask = Corl.Shapes.ShapesEval.PromptsPerTask * Corl.Shapes.ShapesEval.ImagesPerPrompt;

    // Name, value, how many images or answers it is a share of, whether it stands out.
    private static readonly (string Name, Func<ShapesResult, double> Value, int Count, bool IsMain)[] Lines =
    [
        ("ShapesEval", x => x.ShapesEval, PerTask * 6, true),
        ("strict", x => x.Strict, PerTask * 6, true),
        ("single object", x => x.Single, PerTask, false),
        ("two objects", x => x.Two, PerTask, false),
        ("counting", x => x.Counting, PerTask, false),
        ("colors", x => x.Colors, PerTask, false),
        ("position", x => x.Position, PerTask, false),
        ("attribute binding", x => x.Attribute, PerTask, false),
        ("MCQ tagged, greedy", x => x.Greedy.McqTagged, ShapesQa.QuestionsPerType, false),
        ("MCQ lenient, greedy", x => x.Greedy.McqLenient, ShapesQa.QuestionsPerType, false),
        ("MCQ tagged, sampled", x => x.Sampled.McqTagged, ShapesQa.QuestionsPerType, true),
        ("open-ended tagged, greedy", x => x.Greedy.OpenEndedTagged, ShapesQa.QuestionsPerType, false),
        ("open-ended lenient, greedy", x => x.Greedy.OpenEndedLenient, ShapesQa.QuestionsPerType, false),
        ("open-ended tagged, sampled", x => x.Sampled.OpenEndedTagged, ShapesQa.QuestionsPerType, true),
        ("format, greedy", x => x.Greedy.Format, 2 * ShapesQa.QuestionsPerType, false),
        ("format, sampled", x => x.Sampled.Format, 2 * ShapesQa.QuestionsPerType, false),
    ];

    /// <summary>The table for the report, with standard errors of the full size of the benchmarks.</summary>
    public static ResultTable Of(IReadOnlyList<(string Name, ShapesResult Result)> results) => new(
        [.. results.Select(x => x.Name)],
        [.. Lines.Select(line => new ResultRow(line.Name, [.. results.Select(x => (Measure?)Measure.Share((int)Math.Round(line.Value(x.Result) * line.Count), line.Count))]) { IsMain = line.IsMain })]);

    /// <summary>The head and the lines of the table for a terminal, in percent; the last column is the gain from the first to the last result.</summary>
    public static IEnumerable<string[]> Rows(IReadOnlyList<(string Name, ShapesResult Result)> results)
    {
        if (results.Count > 1)
        {
            yield return ["", .. results.Select(x => x.Name), "gain"];
        }

        foreach (var (name, value, _, _) in Lines)
        {
            var gain = value(results[^1].Result) - value(results[0].Result);
            yield return [name, .. results.Select(x => Percent(value(x.Result))), .. results.Count > 1 ? [(gain >= 0 ? "+" : "−") + Percent(Math.Abs(gain))] : Array.Empty<string>()];
        }
    }

    private static string Percent(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture);
}
