namespace Corl.Text.Mathematics;

/// <summary>An interval; an end is a formula without variables, or infinity.</summary>
internal sealed record MathInterval(MathNode Low, bool HasLow, MathNode High, bool HasHigh)
{
    public bool Equals(MathInterval other, MathComparison comparison) =>
        HasLow == other.HasLow && HasHigh == other.HasHigh && comparison.Equal(Low, other.Low) && comparison.Equal(High, other.High);
}

/// <summary>Sets of numbers: (a, b], unions of such, and what inequalities in one variable say.</summary>
internal static class MathIntervals
{
    private static readonly ConstantNode Infinity = new(Constant.Infinity);
    private static readonly ApplyNode MinusInfinity = new(Operation.Negate, Infinity);

    /// <summary>Whether a formula can only be a set of numbers, where "(1, 2)" could be a point too.</summary>
    public static bool IsMeant(MathNode node) => node is UnionNode or SequenceNode { Kind: SequenceKind.OpenLeft or SequenceKind.OpenRight } or RelationNode { Signs: ["in", ..] }
        || (node is RelationNode relation && relation.Signs.All(sign => sign is "<" or ">" or "<=" or ">=" or "!="));

    /// <summary>The intervals of a formula in the order written; null when it is no set of numbers.</summary>
    public static List<MathInterval>? Of(MathNode node, MathComparison comparison)
    {
        switch (node)
        {
            case SequenceNode { Items: [var low, var high], Kind: SequenceKind.Tuple or SequenceKind.Bracket or SequenceKind.OpenLeft or SequenceKind.OpenRight } interval
                when MathValues.Variables(interval).Count == 0:
                return [new(low, interval.Kind is SequenceKind.Bracket or SequenceKind.OpenRight, high, interval.Kind is SequenceKind.Bracket or SequenceKind.OpenLeft)];
            case UnionNode union:
                var parts = union.Sets.Select(part => Of(part, comparison)).ToArray();
                return parts.Any(part => part is null) ? null : [.. parts.SelectMany(part => part!)];
            case RelationNode { Sides: [SymbolNode, var set], Signs: ["in"] }:
                return Of(set, comparison);
            case RelationNode { Sides: [var left, SymbolNode, var right] } chain when MathValues.Variables(chain).Count == 1:
                var (first, second) = (chain.Signs[0], chain.Signs[1]);
                return first[0] == '<' && second[0] == '<' ? [new(left, first == "<=", right, second == "<=")]
                    : first[0] == '>' && second[0] == '>' ? [new(right, second == ">=", left, first == ">=")]
                    : null;
            case RelationNode { Sides: [_, _] } relation:
                return Solved(relation, comparison);
            default:
                return null;
        }
    }

    // a x + b > 0 and its kin, exactly.
    private static List<MathInterval>? Solved(RelationNode relation, MathComparison comparison)
    {
        var sign = relation.Signs[0];
        if (sign is not ("<" or ">" or "<=" or ">=" or "!=") || MathValues.Variables(relation) is not { Count: 1 } variables)
        {
            return null;
        }

        var difference = new ApplyNode(Operation.Subtract, relation.Sides[0], relation.Sides[1]);
        if (comparison.Values.ValueAt(difference, variables.Min!, 0) is not { } atZero || comparison.Values.ValueAt(difference, variables.Min!, 1) is not { } atOne
            || comparison.Values.ValueAt(difference, variables.Min!, 3) is not { } atThree || Rational.Add(atOne, atZero.Negated()) is not { } slope || slope.Sign == 0)
        {
            return null;
        }

        // A line has three slopes between 0 and 3.
        if (Rational.Multiply(slope, Rational.Of(3)) is not { } rise || Rational.Add(atZero, rise) != atThree || Rational.Divide(atZero.Negated(), slope) is not { } root)
        {
            return null;
        }

        var end = new NumberNode(root, false);
        var isClosed = sign.EndsWith('=');
        return sign == "!=" ? [new(MinusInfinity, false, end, false), new(end, false, Infinity, false)]
            : (sign[0] == '>') == (slope.Sign > 0) ? [new(end, isClosed, Infinity, false)]
            : [new(MinusInfinity, false, end, isClosed)];
    }
}
