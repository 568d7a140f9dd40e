namespace Corl.Text.Mathematics;

/// <summary>The smallest parts of a formula: numbers, names, commands, brackets, matrices.</summary>
internal sealed partial class MathParser
{
    private MathNode? Primary()
    {
        if (++_depth > MaxDepth)
        {
            return null;
        }

        var token = Next;
        _at += token.Kind == MathTokenKind.End ? 0 : 1;
        var node = token.Kind switch
        {
            MathTokenKind.Number => Number(token),
            MathTokenKind.Letter => Letter(token),
            MathTokenKind.Command => Command(token.Text),
            MathTokenKind.Sign => Bracketed(token.Text),
            _ => null,
        };
        _depth--;
        return node;
    }

    // A whole number before a fraction of whole numbers is a mixed number.
    private MathNode? Number(MathToken token)
    {
        var number = new NumberNode(token.Value, token.IsDecimal);
        if (!token.Value.IsInteger || token.IsDecimal)
        {
            return number;
        }

        if (Next is { Kind: MathTokenKind.Number, IsSpaced: true, IsDecimal: false } above && _tokens[_at + 1].Text == "/" && _tokens[_at + 2] is { Kind: MathTokenKind.Number, IsDecimal: false } below)
        {
            _at += 3;
            return new ApplyNode(Operation.Mixed, number, new NumberNode(above.Value, false), new NumberNode(below.Value, false));
        }

        if (Is("frac"))
        {
            var start = _at++;
            if (Fraction() is ApplyNode { Arguments: [NumberNode { IsDecimal: false } top, NumberNode { IsDecimal: false } bottom] })
            {
                return new ApplyNode(Operation.Mixed, number, top, bottom);
            }

            _at = start;
        }

        return number;
    }

    private MathNode? Letter(MathToken token)
    {
        switch (token.Text)
        {
            case "e":
                return new ConstantNode(Constant.E);
            case "i":
                return new ConstantNode(Constant.I);
            case "f" or "g" or "h" when Is("(") && _tokens[_at + 1].Kind == MathTokenKind.Letter && _tokens[_at + 2].Text == ")":
                var name = $"{token.Text}({_tokens[_at + 1].Text})";
                _at += 3;
                return new SymbolNode(name);
            default:
                return Subscript(token.Text);
        }
    }

    // x_1, and a number's base 45_{10}, which says nothing.
    private SymbolNode? Subscript(string name)
    {
        if (!Skip("_"))
        {
            return new SymbolNode(name);
        }

        if (Next.Kind is MathTokenKind.Number or MathTokenKind.Letter)
        {
            return new SymbolNode($"{name}_{_tokens[_at++].Text}");
        }

        if (!Skip("{"))
        {
            return null;
        }

        var start = _at;
        while (Next.Kind is MathTokenKind.Number or MathTokenKind.Letter)
        {
            _at++;
        }

        var inside = string.Concat(_tokens.GetRange(start, _at - start).Select(token => token.Text));
        return Skip("}") ? new SymbolNode($"{name}_{inside}") : null;
    }

    private MathNode? Command(string name)
    {
        switch (name)
        {
            case "pi":
                return new ConstantNode(Constant.Pi);
            case "infty" or "infinity":
                return new ConstantNode(Constant.Infinity);
            case "emptyset":
                return new SequenceNode(SequenceKind.Set);
            case "mathbb" when Skip("{"):
                return Next.Text == "R" && _tokens[++_at].Text == "}" && _at++ > 0 ? Reals() : null;
            case "frac":
                return Fraction();
            case "binom":
                return Argument() is { } n && Argument() is { } k ? new ApplyNode(Operation.Binomial, n, k) : null;
            case "sqrt":
                return Root();
            case "mathbf" or "textbf" or "underline" or "mathrm" or "text" or "boxed" or "mbox" when Is("{"):
                return Argument();
            case "lfloor":
                return List() is { } x && Skip("rfloor") ? new ApplyNode(Operation.Floor, x) : null;
            case "angle":
                return Power() is { } letters ? new ApplyNode(Operation.Multiply, new SymbolNode("angle"), letters) : null;
            case "begin":
                return Matrix();
            case "alpha" or "beta" or "gamma" or "theta" or "lambda" or "mu" or "phi" or "omega" or "Delta" or "sigma":
                return Subscript(name);
            default:
                return Functions.TryGetValue(name, out var function) ? Function(function, name) : null;
        }
    }

    private static SequenceNode Reals() => new(SequenceKind.Tuple, new ApplyNode(Operation.Negate, new ConstantNode(Constant.Infinity)), new ConstantNode(Constant.Infinity));

    private ApplyNode? Fraction() => Argument(single: true) is { } above && Argument(single: true) is { } below ? new ApplyNode(Operation.Divide, above, below) : null;

    private ApplyNode? Root()
    {
        MathNode? degree = new NumberNode(Rational.Of(2), false);
        if (Skip("["))
        {
            degree = Sum();
            degree = Skip("]") ? degree : null;
        }

        return degree is not null && Argument() is { } radicand ? new ApplyNode(Operation.Root, radicand, degree) : null;
    }

    // sin x, sin^2 x, log_2 8, ln(x); without brackets the argument is a product without signs.
    private ApplyNode? Function(Operation function, string name)
    {
        MathNode? power = null, logarithmBase = name == "ln" ? new ConstantNode(Constant.E) : new NumberNode(Rational.Of(10), false);
        if (function == Operation.Log && Skip("_"))
        {
            logarithmBase = Argument(single: true);
        }
        else if (Skip("^"))
        {
            power = Argument(single: true);
        }

        var argument = Power();
        while (argument is not null && Next.Kind == MathTokenKind.Letter)
        {
            argument = Power() is { } more ? new ApplyNode(Operation.Multiply, argument, more) : null;
        }

        if (argument is null || logarithmBase is null)
        {
            return null;
        }

        var applied = function == Operation.Log ? new ApplyNode(function, argument, logarithmBase) : new ApplyNode(function, argument);
        return power is null ? applied : new ApplyNode(Operation.Power, applied, power);
    }

    // {…}, or one token; of a number its first digit where TeX would take that (\frac12).
    private MathNode? Argument(bool single = false)
    {
        if (Is("{"))
        {
            _at++;
            return List() is { } inside && Skip("}") ? inside : null;
        }

        if (single && Next is { Kind: MathTokenKind.Number, IsDecimal: false, Text: { Length: > 1 } digits } && digits.All(char.IsAsciiDigit))
        {
            _tokens[_at] = new MathToken(MathTokenKind.Number, digits[1..], Value: Rational.Parse(digits[1..])!.Value);
            return new NumberNode(Rational.Of(digits[0] - '0'), false);
        }

        return Primary();
    }

    private MathNode? Bracketed(string open)
    {
        if (open == "|")
        {
            return Sum() is { } inside && Skip("|") ? new ApplyNode(Operation.Absolute, inside) : null;
        }

        if (open is not ("(" or "[" or "{" or @"\{"))
        {
            return null;
        }

        if (open == @"\{" && Skip(@"\}"))
        {
            return new SequenceNode(SequenceKind.Set);
        }

        var node = List();
        var close = Next.Text;
        if (node is null || !Skip(")", "]", "}", @"\}"))
        {
            return null;
        }

        MathNode[] items = node is SequenceNode { Kind: SequenceKind.List } list ? list.Items : [node];
        return (open, close) switch
        {
            ("(", ")") => items.Length == 1 ? node : new SequenceNode(SequenceKind.Tuple, items),
            ("[", "]") => new SequenceNode(SequenceKind.Bracket, items),
            ("(", "]") when items.Length == 2 => new SequenceNode(SequenceKind.OpenLeft, items),
            ("[", ")") when items.Length == 2 => new SequenceNode(SequenceKind.OpenRight, items),
            ("{", "}") => items.Length == 1 ? node : new SequenceNode(SequenceKind.Set, items),
            (@"\{", @"\}") => new SequenceNode(SequenceKind.Set, items),
            _ => null,
        };
    }

    private MatrixNode? Matrix()
    {
        var kind = Environment();
        if (kind is not ("pmatrix" or "bmatrix" or "matrix" or "vmatrix"))
        {
            return null;
        }

        var rows = new List<MathNode[]>();
        do
        {
            var row = new List<MathNode>();
            do
            {
                if (Sum() is not { } cell)
                {
                    return null;
                }

                row.Add(cell);
            }
            while (Skip("&"));
            rows.Add([.. row]);
        }
        while (Skip("row") && !Is("end"));
        return Skip("end") && Environment() == kind && rows.All(row => row.Length == rows[0].Length) ? new MatrixNode([.. rows], kind == "vmatrix") : null;
    }

    private string? Environment()
    {
        if (!Skip("{"))
        {
            return null;
        }

        var name = "";
        while (Next.Kind == MathTokenKind.Letter)
        {
            name += _tokens[_at++].Text;
        }

        return Skip("}") ? name : null;
    }
}
