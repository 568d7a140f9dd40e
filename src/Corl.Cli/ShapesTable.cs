using System.Globalization;

namespace Corl.Cli;

/// <summary>Results in the Shapes world side by side, in percent.</summary>
internal static class ShapesTable
{
    /// <summary>What is shown, in order.</summary>
    public static readonly (string Name, Func<ShapesResult, double> Value)[] Lines =
    [
        ("ShapesEval", x => x.ShapesEval),
        ("strict", x => x.Strict),
        ("single object", x => x.Single),
        ("two objects", x => x.Two),
        ("counting", x => x.Counting),
        ("colors", x => x.Colors),
        ("position", x => x.Position),
        ("attribute binding", x => x.Attribute),
        ("MCQ tagged, greedy", x => x.Greedy.McqTagged),
        ("MCQ lenient, greedy", x => x.Greedy.McqLenient),
        ("MCQ tagged, sampled", x => x.Sampled.McqTagged),
        ("open-ended tagged, greedy", x => x.Greedy.OpenEndedTagged),
        ("open-ended lenient, greedy", x => x.Greedy.OpenEndedLenient),
        ("open-ended tagged, sampled", x => x.Sampled.OpenEndedTagged),
        ("format, greedy", x => x.Greedy.Format),
        ("format, sampled", x => x.Sampled.Format),
    ];

    /// <summary>The head and the lines of the table; the last column is the gain from the first to the last result.</summary>
    public static IEnumerable<string[]> Rows(IReadOnlyList<(string Name, ShapesResult Result)> results)
    {
        if (results.Count > 1)
        {
            yield return ["", .. results.Select(x => x.Name), "gain"];
        }

        foreach (var (name, value) in Lines)
        {
            var gain = value(results[^1].Result) - value(results[0].Result);
            yield return [name.PadRight(26), .. results.Select(x => Percent(value(x.Result))), .. results.Count > 1 ? [(gain >= 0 ? "+" : "−") + Percent(Math.Abs(gain))] : Array.Empty<string>()];
        }
    }

    private static string Percent(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture);
}
