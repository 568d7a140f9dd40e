namespace Corl.Text.Mathematics;

/// <summary>A part of a mathematical text.</summary>
internal abstract record MathNode
{
    /// <summary>How much has to be understood to judge this part.</summary>
    public abstract MathLevel Level { get; }

    /// <summary>What it is made of.</summary>
    public IEnumerable<MathNode> Parts => this switch
    {
        ApplyNode apply => apply.Arguments,
        SequenceNode sequence => sequence.Items,
        RelationNode relation => relation.Sides,
        UnionNode union => union.Sets,
        MatrixNode matrix => matrix.Rows.SelectMany(row => row),
        _ => [],
    };
}

/// <summary>A number as written.</summary>
/// <param name="Value">Its value.</param>
/// <param name="IsDecimal">Whether it has a decimal point, so that it may be rounded.</param>
internal sealed record NumberNode(Rational Value, bool IsDecimal) : MathNode
{
    public override MathLevel Level => MathLevel.P0;
}

/// <summary>A variable or an applied function of unknown meaning such as f(x).</summary>
internal sealed record SymbolNode(string Name) : MathNode
{
    public override MathLevel Level => MathLevel.P2;
}

/// <summary>π, e, i or infinity.</summary>
internal sealed record ConstantNode(Constant Constant) : MathNode
{
    public override MathLevel Level => Constant == Constant.I ? MathLevel.P2 : MathLevel.P1;
}

/// <summary>An operation or a function.</summary>
internal sealed record ApplyNode(Operation Operation, params MathNode[] Arguments) : MathNode
{
    public override MathLevel Level
    {
        get
        {
            var isNumber = Operation is Operation.Negate or Operation.Percent or Operation.PerMille or Operation.Degrees or Operation.Mixed
                || (Operation is Operation.Divide && Arguments.All(IsSigned))
                || (Operation == Operation.Multiply && Arguments is [_, ApplyNode { Operation: Operation.Power, Arguments: [NumberNode, _] }])
                || (Operation == Operation.Power && Arguments.All(IsSigned));
            var own = isNumber ? MathLevel.P0 : Operation == Operation.PlusMinus ? MathLevel.P2 : MathLevel.P1;
            return Arguments.Select(part => part.Level).Append(own).Max();

            static bool IsSigned(MathNode node) => node is NumberNode or ApplyNode { Operation: Operation.Negate, Arguments: [NumberNode] };
        }
    }
}

/// <summary>Several things: a list, a set, a tuple or what stands in square brackets.</summary>
internal sealed record SequenceNode(SequenceKind Kind, params MathNode[] Items) : MathNode
{
    public override MathLevel Level => Items.Select(item => item.Level).Append(MathLevel.P1).Max();
}

/// <summary>A chain such as a = b = c or 0 ≤ x &lt; 1.</summary>
internal sealed record RelationNode(MathNode[] Sides, string[] Signs) : MathNode
{
    public override MathLevel Level
    {
        get
        {
            var isAssignment = Signs.All(sign => sign is "=" or "~" or "in");
            var sides = Sides is [SymbolNode, ..] ? Sides.Skip(1) : Sides is [.., SymbolNode] ? Sides.SkipLast(1) : Sides;
            return sides.Select(side => side.Level).Append(isAssignment ? MathLevel.P1 : MathLevel.P2).Max();
        }
    }
}

/// <summary>A union of sets.</summary>
internal sealed record UnionNode(params MathNode[] Sets) : MathNode
{
    public override MathLevel Level => Sets.Select(part => part.Level).Append(MathLevel.P1).Max();
}

/// <summary>A matrix.</summary>
internal sealed record MatrixNode(MathNode[][] Rows, bool IsDeterminant) : MathNode
{
    public override MathLevel Level => MathLevel.P2;
}

/// <summary>A named number.</summary>
internal enum Constant
{
    Pi,
    E,
    I,
    Infinity,
}

/// <summary>What holds a sequence together.</summary>
internal enum SequenceKind
{
    /// <summary>Commas, "and", "or": any order.</summary>
    List,

    /// <summary>{…}: any order.</summary>
    Set,

    /// <summary>(…): a tuple, or an open interval.</summary>
    Tuple,

    /// <summary>[…]: a list in order, or a closed interval.</summary>
    Bracket,

    /// <summary>(…]: an interval.</summary>
    OpenLeft,

    /// <summary>[…): an interval.</summary>
    OpenRight,
}

/// <summary>What is done with arguments.</summary>
internal enum Operation
{
    Add,
    Subtract,
    PlusMinus,
    Multiply,
    Divide,
    Power,
    Negate,
    Mixed,
    Percent,
    PerMille,
    Degrees,
    Factorial,
    Root,
    Absolute,
    Binomial,
    Log,
    Sin,
    Cos,
    Tan,
    Floor,
    Ceiling,
    Modulo,
}
