using System.Numerics;

namespace Corl.Text.Mathematics;

/// <summary>The value of an expression: exact where that is possible, else to double precision.</summary>
/// <param name="Exact">The exact value; null for irrational ones.</param>
/// <param name="Value">The value.</param>
/// <param name="IsDecimal">Whether a number with a decimal point took part, so that it may be rounded.</param>
internal readonly record struct Quantity(Rational? Exact, Complex Value, bool IsDecimal)
{
    public static Quantity Of(Rational exact, bool isDecimal) => new(exact, exact.Approximately, isDecimal);
}

/// <summary>Computes expressions at a point, within a budget of steps that replaces a clock: equal on every machine.</summary>
/// <param name="values">Values of the variables.</param>
/// <param name="budget">Steps left; shared by all evaluations of a comparison.</param>
internal sealed class MathEvaluator(IReadOnlyDictionary<string, Rational> values, StepBudget budget)
{
    private const int MaxFactorial = 400; // ours: 870 digits
    private bool _isAngle;

    /// <summary>The value; null where there is none, it is not computed, or the budget is used up.</summary>
    public Quantity? Evaluate(MathNode node)
    {
        if (!budget.Take())
        {
            return null;
        }

        return node switch
        {
            NumberNode number => Quantity.Of(number.Value, number.IsDecimal),
            SymbolNode symbol => values.TryGetValue(symbol.Name, out var value) ? Quantity.Of(value, false) : null,
            ConstantNode constant => new Quantity(null, ValueOf(constant.Constant), false),
            ApplyNode apply => Apply(apply),
            MatrixNode { IsDeterminant: true } matrix => Determinant(matrix.Rows),
            _ => null,
        };
    }

    private static Complex ValueOf(Constant constant) => constant switch
    {
        Constant.Pi => Math.PI,
        Constant.E => Math.E,
        Constant.I => Complex.ImaginaryOne,
        _ => double.PositiveInfinity,
    };

    private Quantity? Apply(ApplyNode node)
    {
        var isTrigonometric = node.Operation is Operation.Sin or Operation.Cos or Operation.Tan;
        var before = _isAngle;
        _isAngle |= isTrigonometric;
        var arguments = new Quantity[node.Arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (Evaluate(node.Arguments[i]) is not { } argument)
            {
                _isAngle = before;
                return null;
            }

            arguments[i] = argument;
        }

        var result = Compute(node.Operation, arguments);
        _isAngle = before;
        return result is { } found && (found.Exact is not null || IsUsable(found.Value)) ? found with { IsDecimal = arguments.Any(x => x.IsDecimal) } : null;
    }

    private static bool IsUsable(Complex value) => !double.IsNaN(value.Real) && !double.IsNaN(value.Imaginary);

    private Quantity? Compute(Operation operation, Quantity[] x)
    {
        if (x.All(value => value.Exact is not null) && Exactly(operation, [.. x.Select(value => value.Exact!.Value)]) is { } exact)
        {
            return Quantity.Of(exact, false);
        }

        var (a, b) = (x[0].Value, x.Length > 1 ? x[1].Value : Complex.Zero);
        return operation switch
        {
            Operation.Add => Approximate(a + b),
            Operation.Subtract => Approximate(a - b),
            Operation.Multiply => Approximate(Times(a, b)),
            Operation.Divide => b == Complex.Zero ? null : Approximate(a / b),
            Operation.Power => Approximate(Power(a, b)),
            Operation.Negate => Approximate(-a),
            Operation.Percent => Approximate(a / 100),
            Operation.PerMille => Approximate(a / 1000),
            Operation.Degrees => Approximate(_isAngle ? a * (Math.PI / 180) : a),
            Operation.Root => Approximate(Root(a, b)),
            Operation.Absolute => Approximate(Complex.Abs(a)),
            Operation.Log => a == Complex.Zero || b == Complex.Zero || b == Complex.One ? null : Approximate(Complex.Log(a) / Complex.Log(b)),
            Operation.Sin => Approximate(Complex.Sin(a)),
            Operation.Cos => Approximate(Complex.Cos(a)),
            Operation.Tan => Approximate(Complex.Tan(a)),
            Operation.Floor when a.Imaginary == 0 => Approximate(Math.Floor(a.Real)),
            _ => null,
        };
    }

    private Rational? Exactly(Operation operation, Rational[] x) => operation switch
    {
        Operation.Add => Rational.Add(x[0], x[1]),
        Operation.Subtract => Rational.Add(x[0], x[1].Negated()),
        Operation.Multiply => Rational.Multiply(x[0], x[1]),
        Operation.Divide => Rational.Divide(x[0], x[1]),
        Operation.Power when x[1].IsInteger && BigInteger.Abs(x[1].Above) <= Rational.MaxBits => Rational.Power(x[0], (int)x[1].Above),
        Operation.Negate => x[0].Negated(),
        Operation.Mixed => Rational.Divide(x[1], x[2]) is { } part ? Rational.Add(x[0], part) : null,
        Operation.Percent => Rational.Divide(x[0], Rational.Of(100)),
        Operation.PerMille => Rational.Divide(x[0], Rational.Of(1000)),
        Operation.Degrees when !_isAngle => x[0],
        Operation.Absolute => x[0].Sign < 0 ? x[0].Negated() : x[0],
        Operation.Floor => Rational.Of(x[0].Floor()),
        Operation.Factorial when x[0].IsInteger && x[0].Sign >= 0 && x[0].Above <= MaxFactorial => Rational.Of(Factorial((int)x[0].Above)),
        Operation.Binomial when x.All(n => n.IsInteger && n.Sign >= 0 && n.Above <= MaxFactorial) && x[1].CompareTo(x[0]) <= 0 =>
            Rational.Of(Factorial((int)x[0].Above) / (Factorial((int)x[1].Above) * Factorial((int)(x[0].Above - x[1].Above)))),
        Operation.Modulo when x.All(n => n.IsInteger) && x[1].Sign > 0 => Rational.Of(((x[0].Above % x[1].Above) + x[1].Above) % x[1].Above),
        Operation.Root when x[1].IsInteger && x[1].Above > 0 && x[1].Above <= 64 => ExactRoot(x[0], (int)x[1].Above),
        _ => null,
    };

    private static BigInteger Factorial(int n) => Enumerable.Range(1, n).Aggregate(BigInteger.One, (product, factor) => product * factor);

    // The root of a fraction of perfect powers.
    private static Rational? ExactRoot(Rational x, int degree)
    {
        if (x.Sign < 0 && degree % 2 == 0)
        {
            return null;
        }

        return WholeRoot(BigInteger.Abs(x.Above), degree) is { } above && WholeRoot(x.Below, degree) is { } below ? Rational.Of(above * x.Sign, below) : null;
    }

    private static BigInteger? WholeRoot(BigInteger x, int degree)
    {
        const int MaxBits = 900; // that a double's exponent holds
        if (x.GetBitLength() > MaxBits)
        {
            return null;
        }

        var root = new BigInteger(Math.Round(Math.Pow((double)x, 1.0 / degree)));
        return BigInteger.Pow(root, degree) == x ? root : null;
    }

    // Infinity times a finite number would be no number in complex arithmetic.
    private static Complex Times(Complex a, Complex b) => a.Imaginary == 0 && b.Imaginary == 0 ? a.Real * b.Real : a * b;

    private static Complex Power(Complex a, Complex b) =>
        a == Complex.Zero ? (b.Real > 0 ? Complex.Zero : double.NaN)
        : a.Imaginary == 0 && b.Imaginary == 0 && (a.Real > 0 || b.Real == Math.Floor(b.Real)) ? Math.Pow(a.Real, b.Real)
        : Complex.Pow(a, b);

    // The real root where there is one.
    private static Complex Root(Complex a, Complex degree) =>
        a.Imaginary == 0 && a.Real < 0 && degree.Imaginary == 0 && degree.Real % 2 == 1 ? -Math.Pow(-a.Real, 1 / degree.Real)
        : a.Imaginary == 0 && a.Real < 0 && degree == 2 ? new Complex(0, Math.Sqrt(-a.Real))
        : Power(a, 1 / degree);

    private Quantity? Determinant(MathNode[][] rows)
    {
        const int MaxSize = 4; // by expansion: 24 products
        if (rows.Length > MaxSize || rows.Length != rows[0].Length)
        {
            return null;
        }

        MathNode Expand(int[] left, int[] columns) => left.Length == 1 ? rows[left[0]][columns[0]] : columns
            .Select((column, i) => (MathNode)new ApplyNode(Operation.Multiply, i % 2 == 0 ? rows[left[0]][column] : new ApplyNode(Operation.Negate, rows[left[0]][column]), Expand(left[1..], [.. columns.Where(c => c != column)])))
            .Aggregate((sum, part) => new ApplyNode(Operation.Add, sum, part));
        int[] all = [.. Enumerable.Range(0, rows.Length)];
        return Evaluate(Expand(all, all));
    }

    private static Quantity? Approximate(Complex value) => new(null, value, false);
}

/// <summary>Steps that a comparison may take.</summary>
/// <param name="steps">How many.</param>
internal sealed class StepBudget(int steps)
{
    /// <summary>Whether a step was left.</summary>
    public bool Take() => --steps >= 0;
}
