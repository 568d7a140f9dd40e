using System.Text.RegularExpressions;
using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>Reads a final answer without a judge. Ours, for benchmarks that have no rules without one; what it scores is a stand-in.</summary>
internal static partial class StandIn
{
    /// <summary>The last boxed part, otherwise the whole answer.</summary>
    public static string Final(string answer) =>
        Boxed().Matches(answer) is { Count: > 0 } boxes ? boxes[^1].Groups[1].Value : PythonText.Trim(answer).ToString();

    /// <summary>The last number in the final answer, or null.</summary>
    public static string? Number(string answer) =>
        Numbers().Matches(Final(answer)) is { Count: > 0 } found ? found[^1].Value.Replace(",", "", StringComparison.Ordinal) : null;

    [GeneratedRegex(@"\\boxed\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", RegexOptions.NonBacktracking)]
    private static partial Regex Boxed();

    [GeneratedRegex(@"-?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?", RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();
}
