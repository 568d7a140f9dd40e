namespace Corl.Text.Mathematics;

/// <summary>
/// Whether two formulas say the same: relations, lists, sets, intervals and matrices by their parts, expressions by <see cref="MathValues"/>.
/// Everything ends when the budget is used up: not equal then.
/// </summary>
internal sealed class MathComparison(StepBudget budget)
{
    private const int MaxItems = 64; // of a list; ours

    /// <summary>Values of expressions, within the same budget.</summary>
    public MathValues Values { get; } = new(budget);

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
            _ => Values.Equal(truth, answer),
        };
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
        { Sides: [var left, var right], Signs: ["="] } => MathValues.Variables(relation).Count == 0 && Values.Equal(left, right) ? right : null,
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

        return a.Sides.Length == 2 && a.Signs is ["=" or "~"] && b.Signs is ["=" or "~"] && MathValues.Variables(a).SetEquals(MathValues.Variables(b)) && Values.Proportional(a, b);

        static (string Name, MathNode Value)? Named(RelationNode relation) => relation switch
        {
            { Sides: [SymbolNode name, var value], Signs: ["=" or "~"] } => (name.Name, value),
            { Sides: [var value, SymbolNode name], Signs: ["=" or "~"] } => (name.Name, value),
            _ => null,
        };
    }

    private static bool SameVariable(MathNode a, MathNode b) => a is not RelationNode || b is not RelationNode || MathValues.Variables(a).SetEquals(MathValues.Variables(b));

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
}
