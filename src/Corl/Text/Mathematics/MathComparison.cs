using System.Numerics;

namespace Corl.Text.Mathematics;

/// <summary>
/// Whether two formulas say the same. Expressions with variables are compared at eight fixed points: different rational functions of
/// degree d agree at one of them with a chance of about d / 1000. Everything ends when the budget is used up: not equal then.
/// </summary>
internal sealed class MathComparison(StepBudget budget)
{
    private const int Points = 8, FewestPoints = 4; // compared, and defined of those
    private const int Decimals = 6;                 // to which numbers with a decimal point are rounded, as Math-Verify does
    private const double Precision = 1e-10;         // relative, of values that are not exact
    private const int MaxItems = 64;                // of a list; ours

    private static readonly Dictionary<string, Rational> NoValues = [];

    public bool Equal(MathNode truth, MathNode answer)
    {
        (truth, answer) = (Spread(truth), Spread(answer));
        if (MathIntervals.Of(truth, this) is { } wanted && MathIntervals.Of(answer, this) is { } given && (MathIntervals.IsMeant(truth) || MathIntervals.IsMeant(answer)))
        {
            return SameVariable(truth, answer) && SameItems(wanted, given, (a, b) => a.Equals(b, this));
        }

        return (truth, answer) switch
        {
            (RelationNode a, RelationNode b) => Relations(Shortened(a), Shortened(b)),
            (RelationNode a, _) => Assigned(Shortened(a)) is { } value && value != truth && Equal(value, answer),
            (_, RelationNode b) => Assigned(Shortened(b)) is { } value && value != answer && Equal(truth, value),
            (SequenceNode a, SequenceNode b) => Sequences(a, b),
            (SequenceNode { Items: [var only], Kind: SequenceKind.Bracket or SequenceKind.Set }, _) => Equal(only, answer),
            (_, SequenceNode { Items: [var only], Kind: SequenceKind.Bracket }) => Equal(truth, only),
            (UnionNode a, UnionNode b) => SameItems(a.Sets, b.Sets, Equal),
            (MatrixNode { IsDeterminant: false } a, MatrixNode { IsDeterminant: false } b) => a.Rows.Length == b.Rows.Length && a.Rows.Zip(b.Rows).All(rows => InOrder(rows.First, rows.Second)),
            (SequenceNode or UnionNode, _) or (_, SequenceNode or UnionNode) => false,
            _ => Expressions(truth, answer),
        };
    }

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

    // ± becomes the list of both; in an assignment, of two assignments.
    private static MathNode Spread(MathNode node)
    {
        return node is RelationNode { Sides: [var left, var right], Signs: ["="] signs } && Has(right)
            ? new SequenceNode(SequenceKind.List, new RelationNode([left, With(right, Operation.Add)], signs), new RelationNode([left, With(right, Operation.Subtract)], signs))
            : node is ApplyNode && Has(node) ? new SequenceNode(SequenceKind.List, With(node, Operation.Add), With(node, Operation.Subtract)) : node;

        static bool Has(MathNode part) => part is ApplyNode apply && (apply.Operation == Operation.PlusMinus || apply.Arguments.Any(Has));
        static MathNode With(MathNode part, Operation sign) => part is not ApplyNode apply ? part
            : new ApplyNode(apply.Operation == Operation.PlusMinus ? sign : apply.Operation, [.. apply.Arguments.Select(argument => With(argument, sign))]);
    }

    // An approximation behind a value says nothing new; of a chain of equal values the last counts.
    private static RelationNode Shortened(RelationNode relation)
    {
        var rough = Array.IndexOf(relation.Signs, "~");
        if (rough > 0 || (rough == 0 && relation.Sides[0] is not SymbolNode))
        {
            relation = new RelationNode(relation.Sides[..(rough + 1)], relation.Signs[..rough]);
        }

        return relation.Sides.Length > 2 && relation.Signs.All(sign => sign is "=" or "~") ? new RelationNode([relation.Sides[0], relation.Sides[^1]], ["="]) : relation;
    }

    // What a relation gives to a name, or the end of a calculation that is right.
    private MathNode? Assigned(RelationNode relation) => relation switch
    {
        { Sides: [var only] } => only,
        { Sides: [SymbolNode, var value], Signs: ["=" or "~"] } => value,
        { Sides: [var value, SymbolNode], Signs: ["=" or "~"] } => value,
        { Sides: [SymbolNode, var set], Signs: ["in"] } => set,
        { Sides: [var left, var right], Signs: ["="] } => Variables(relation).Count == 0 && Expressions(left, right) ? right : null,
        _ => null,
    };

    private bool Relations(RelationNode a, RelationNode b)
    {
        if (a.Sides.Length != b.Sides.Length || a.Sides.Length is 1 or > 3)
        {
            return a.Sides.Length == 1 ? Equal(a.Sides[0], b) : b.Sides.Length == 1 && Equal(a, b.Sides[0]);
        }

        if (Named(a) is { } first && Named(b) is { } second)
        {
            return first.Name == second.Name && a.Sides.Length == 2 && Equal(first.Value, second.Value);
        }

        return a.Sides.Length == 2 && a.Signs is ["=" or "~"] && b.Signs is ["=" or "~"] && Variables(a).SetEquals(Variables(b)) && Proportional(a, b);

        static (string Name, MathNode Value)? Named(RelationNode relation) => relation switch
        {
            { Sides: [SymbolNode name, var value], Signs: ["=" or "~"] } => (name.Name, value),
            { Sides: [var value, SymbolNode name], Signs: ["=" or "~"] } => (name.Name, value),
            _ => null,
        };
    }

    // L = R and 2L = 2R are one equation: the differences have a constant ratio.
    private bool Proportional(RelationNode a, RelationNode b)
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

    private static bool SameVariable(MathNode a, MathNode b) => a is not RelationNode || b is not RelationNode || Variables(a).SetEquals(Variables(b));

    private bool Sequences(SequenceNode a, SequenceNode b)
    {
        var areOrdered = a.Kind is not (SequenceKind.List or SequenceKind.Set) && b.Kind is not (SequenceKind.List or SequenceKind.Set);
        if (areOrdered && a.Kind != b.Kind)
        {
            return false;
        }

        var isTuple = a.Kind == SequenceKind.Tuple || b.Kind == SequenceKind.Tuple;
        if (areOrdered || isTuple)
        {
            return InOrder([.. a.Items.Select(Unnamed)], [.. b.Items.Select(Unnamed)]);
        }

        var areSets = a.Kind == SequenceKind.Set && b.Kind == SequenceKind.Set;
        var isNamed = a.Items.All(item => item is RelationNode) && b.Items.All(item => item is RelationNode);
        MathNode[] left = [.. a.Items.Select(item => isNamed ? item : Unnamed(item))], right = [.. b.Items.Select(item => isNamed ? item : Unnamed(item))];
        return areSets ? SameItems(Distinct(left), Distinct(right), Equal) : SameItems(left, right, Equal);
    }

    private MathNode Unnamed(MathNode item) => item is RelationNode relation ? Assigned(Shortened(relation)) ?? item : item;

    private MathNode[] Distinct(MathNode[] items)
    {
        var kept = new List<MathNode>();
        foreach (var item in items.Take(MaxItems + 1))
        {
            if (!kept.Any(other => Equal(other, item)))
            {
                kept.Add(item);
            }
        }

        return [.. kept];
    }

    private bool InOrder(MathNode[] a, MathNode[] b) => a.Length == b.Length && a.Length <= MaxItems && a.Zip(b).All(pair => Equal(pair.First, pair.Second));

    private static bool SameItems<T>(IReadOnlyList<T> a, IReadOnlyList<T> b, Func<T, T, bool> equal)
    {
        if (a.Count != b.Count || a.Count > MaxItems)
        {
            return false;
        }

        var left = b.ToList();
        foreach (var item in a)
        {
            var match = left.FindIndex(other => equal(item, other));
            if (match < 0)
            {
                return false;
            }

            left.RemoveAt(match);
        }

        return true;
    }

    private bool Expressions(MathNode truth, MathNode answer)
    {
        if (truth is ApplyNode { Operation: Operation.Percent, Arguments: [var part] } != (answer is ApplyNode { Operation: Operation.Percent, Arguments: [var other] }))
        {
            // 50 % is 0.5, and "50" to a question for percent.
            return Same(truth, answer) || (truth is ApplyNode { Operation: Operation.Percent } whole ? Same(whole.Arguments[0], answer) : Same(truth, ((ApplyNode)answer).Arguments[0]));
        }

        return Same(truth, answer);
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
    internal static bool Equal(Quantity a, Quantity b, bool mayRound)
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
