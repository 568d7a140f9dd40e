using System.Numerics;

namespace Corl.Text.Mathematics;

/// <summary>
/// Values of expressions, and whether two are equal. Expressions with variables are compared at eight fixed points: different rational
/// functions of degree d agree at one of them with a chance of about d / 1000.
/// </summary>
internal sealed class MathValues(StepBudget budget)
{
    private const int Points = 8, FewestPoints = 4; // compared, and defined of those
    private const int Decimals = 6;                 // to which numbers with a decimal point are rounded, as Math-Verify does
    private const double Precision = 1e-10;         // relative, of values that are not exact

    private static readonly Dictionary<string, Rational> NoValues = [];

    /// <summary>The value of an expression without variables; null if it has none.</summary>
    public Quantity? Value(MathNode node) => new MathEvaluator(NoValues, budget).Evaluate(node);

    /// <summary>The value of an expression where its one variable has a value.</summary>
    public Rational? ValueAt(MathNode node, string variable, int value) => new MathEvaluator(new Dictionary<string, Rational> { [variable] = Rational.Of(value) }, budget).Evaluate(node)?.Exact;

    /// <summary>The variables of a formula, in order.</summary>
    public static SortedSet<string> Variables(MathNode node)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        Visit(node);
        return names;

        void Visit(MathNode part)
        {
            if (part is SymbolNode symbol)
            {
                names.Add(symbol.Name);
            }

            foreach (var inner in part.Parts)
            {
                Visit(inner);
            }
        }
    }

    /// <summary>Whether two expressions have the same value, wherever they have one; per cent is a hundredth, or the unit of the answer.</summary>
    public bool Equal(MathNode truth, MathNode answer)
    {
        if (truth is ApplyNode { Operation: Operation.Percent, Arguments: [var part] } != (answer is ApplyNode { Operation: Operation.Percent, Arguments: [var other] }))
        {
            // 50 % is 0.5, and "50" to a question for percent.
            return Same(truth, answer) || (truth is ApplyNode { Operation: Operation.Percent } whole ? Same(whole.Arguments[0], answer) : Same(truth, ((ApplyNode)answer).Arguments[0]));
        }

        return Same(truth, answer);
    }

    /// <summary>Whether two equations are one, as L = R and 2L = 2R are: the differences of their sides have a constant ratio.</summary>
    public bool Proportional(RelationNode a, RelationNode b)
    {
        var ratio = default(Complex?);
        var count = 0;
        var (first, second) = (new ApplyNode(Operation.Subtract, a.Sides[0], a.Sides[1]), new ApplyNode(Operation.Subtract, b.Sides[0], b.Sides[1]));
        foreach (var values in PointsOf(Variables(a)))
        {
            var evaluator = new MathEvaluator(values, budget);
            if (evaluator.Evaluate(first) is not { } x || evaluator.Evaluate(second) is not { } y || y.Value == Complex.Zero)
            {
                continue;
            }

            var here = x.Value / y.Value;
            if (here == Complex.Zero || (ratio is { } other && !Near(here, other)))
            {
                return false;
            }

            (ratio, count) = (here, count + 1);
        }

        return count >= FewestPoints;
    }

    private bool Same(MathNode truth, MathNode answer)
    {
        var (wanted, given) = (Variables(truth), Variables(answer));
        if (truth is SymbolNode a && answer is SymbolNode b)
        {
            return a.Name.Equals(b.Name, StringComparison.OrdinalIgnoreCase);
        }

        if (wanted.Count == 0 && given.Count == 0)
        {
            return Value(truth) is { } x && Value(answer) is { } y && Equal(x, y, mayRound: true);
        }

        var count = 0;
        foreach (var values in PointsOf([.. wanted.Union(given)]))
        {
            var evaluator = new MathEvaluator(values, budget);
            if (evaluator.Evaluate(truth) is { } x && evaluator.Evaluate(answer) is { } y)
            {
                count++;
                if (!Equal(x, y, mayRound: false))
                {
                    return false;
                }
            }
        }

        return count >= FewestPoints;
    }

    /// <summary>Whether two values are equal, a number with a decimal point within its rounding.</summary>
    private static bool Equal(Quantity a, Quantity b, bool mayRound)
    {
        if (a.Exact is { } x && b.Exact is { } y)
        {
            return x == y || (mayRound && (a.IsDecimal || b.IsDecimal) && Rounded(x, y));
        }

        if (mayRound && (a.IsDecimal || b.IsDecimal) && a.Value.Imaginary == 0 && b.Value.Imaginary == 0)
        {
            return (a.Exact ?? Rational.OfDouble(a.Value.Real)) is { } p && (b.Exact ?? Rational.OfDouble(b.Value.Real)) is { } q && Rounded(p, q);
        }

        return Near(a.Value, b.Value);
    }

    // At six decimals; of numbers that have no more than that behind the point, also at six digits.
    private static bool Rounded(Rational a, Rational b)
    {
        const double Small = 1e-3; // below it six decimals are fewer than four digits
        if (a.Rounded(Decimals) != b.Rounded(Decimals))
        {
            return false;
        }

        var (x, y) = (a.Approximately, b.Approximately);
        return Math.Max(Math.Abs(x), Math.Abs(y)) >= Small || Math.Abs(x - y) <= 1e-6 * Math.Max(Math.Abs(x), Math.Abs(y));
    }

    private static bool Near(Complex a, Complex b) =>
        double.IsInfinity(a.Real) || double.IsInfinity(b.Real) ? a.Real.Equals(b.Real) : Complex.Abs(a - b) <= Precision * Math.Max(1e-6, Math.Max(Complex.Abs(a), Complex.Abs(b)));

    // Small fractions, half of them negative, by a hash of the variable's name: the same in every comparison and on every machine.
    private static IEnumerable<Dictionary<string, Rational>> PointsOf(IReadOnlyCollection<string> variables)
    {
        for (var point = 0; point < Points; point++)
        {
            yield return variables.ToDictionary(name => name, name =>
            {
                const uint Offset = 2166136261, Prime = 16777619; // FNV-1a
                var hash = $"{point}/{name}".Aggregate(Offset, (sum, letter) => (sum ^ letter) * Prime);
                var value = Rational.Of(2 + ((hash >> 4) % 997), 1 + (hash % 7))!.Value;
                return point % 2 == 0 ? value : value.Negated();
            });
        }
    }
}
