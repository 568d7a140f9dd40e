using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Whether two answers of MathVision are equal by the kit's rules: as texts, as Python expressions, or as LaTeX, numbers within a millionth.
/// </summary>
internal static class MathVisionEquality
{
    private const double Tolerance = 1e-6; // the kit's

    /// <summary>Compares two answers.</summary>
    /// <param name="answer">What was said.</param>
    /// <param name="truth">What is right.</param>
    /// <param name="profile">The kit's state: their LaTeX parsers differ.</param>
    public static bool AreEqual(string answer, string truth, KitProfile profile)
    {
        var (said, right) = (Normal(answer), Normal(truth));
        if (said == right)
        {
            return true;
        }

        if (PythonArithmetic.Evaluate(right) is { } a && PythonArithmetic.Evaluate(said) is { } b && AreClose(a, b))
        {
            return true;
        }

        // The kit keeps the two parsed formulas in variables a and b and evaluates their printed forms there, so that these letters have a value.
        return IsVariable(right, profile) is { } variable ? IsVariable(said, profile) == variable
            : LatexArithmetic.Evaluate(right, profile) is { } x && LatexArithmetic.Evaluate(said, profile) is { } y && Math.Abs(x - y) < Tolerance;
    }

    private static string Normal(string text) => PythonText.Trim(PythonText.Lower(text)).ToString();

    private static bool AreClose(PythonValue a, PythonValue b) =>
        a.Whole is { } m && b.Whole is { } n ? m == n : Math.Abs(a.Value - b.Value) < Tolerance;

    private static string? IsVariable(string text, KitProfile profile)
    {
        var inner = LatexArithmetic.Prepared(text, profile).Trim();
        while (inner.Length > 2 && (inner[0], inner[^1]) is ('(', ')') or ('{', '}'))
        {
            inner = inner[1..^1].Trim();
        }

        return inner is "a" or "b" ? inner : null;
    }
}
