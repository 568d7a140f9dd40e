namespace Corl.Text.Mathematics;

/// <summary>
/// Reads a formula, LaTeX or plain, by recursive descent. What it does not know makes it give up (null): nothing is guessed. Depth is
/// bounded, and every token is looked at a bounded number of times.
/// </summary>
internal sealed partial class MathParser
{
    private const int MaxDepth = 64;    // ours: answers nest a few levels
    private const int MaxTokens = 2048; // ours: answers have a few dozen

    private static readonly Dictionary<string, Operation> Functions = new()
    {
        ["sin"] = Operation.Sin,
        ["cos"] = Operation.Cos,
        ["tan"] = Operation.Tan,
        ["ln"] = Operation.Log,
        ["log"] = Operation.Log,
        ["abs"] = Operation.Absolute,
    };

    private readonly List<MathToken> _tokens;
    private int _at, _depth;

    private MathParser(List<MathToken> tokens) => _tokens = tokens;

    private MathToken Next => _tokens[_at];

    /// <summary>The formula; null when it is none that is known.</summary>
    public static MathNode? Parse(string text, bool isPlain)
    {
        if (MathLexer.Tokens(text, isPlain) is not { Count: > 1 and <= MaxTokens } tokens)
        {
            return null;
        }

        var parser = new MathParser(tokens);
        parser.Skip("=");
        return parser.List() is { } node && parser.Next.Kind == MathTokenKind.End ? node : null;
    }

    private bool Is(string text) => Next.Kind is MathTokenKind.Sign or MathTokenKind.Command && Next.Text == text;

    private bool Skip(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (Is(text))
            {
                _at++;
                return true;
            }
        }

        return false;
    }

    // Relations between commas, semicolons, "and", "or".
    private MathNode? List()
    {
        if (++_depth > MaxDepth)
        {
            return null;
        }

        var items = new List<MathNode>();
        do
        {
            if (Relation() is not { } item)
            {
                return null;
            }

            items.Add(item);
        }
        while (Separator());
        _depth--;
        return items.Count == 1 ? items[0] : new SequenceNode(SequenceKind.List, [.. items]);
    }

    // Also ", and" and "\text{ or }".
    private bool Separator()
    {
        var start = _at;
        while (Skip(",", ";", "and", "or", "land") || SkipWord("and") || SkipWord("or"))
        {
        }

        return _at > start;
    }

    private bool SkipWord(string word)
    {
        var length = word.Length + 3; // \text { a n d }
        if (!(Is("text") || Is("mathrm")) || _at + length >= _tokens.Count)
        {
            return false;
        }

        var isWord = _tokens[_at + 1].Text == "{" && _tokens[_at + length - 1].Text == "}" && string.Concat(_tokens.GetRange(_at + 2, word.Length).Select(token => token.Text)) == word;
        _at += isWord ? length : 0;
        return isWord;
    }

    private MathNode? Relation()
    {
        var sides = new List<MathNode>();
        var signs = new List<string>();
        while (true)
        {
            if (Union() is not { } side)
            {
                return null;
            }

            sides.Add(side);
            if (Sign() is not { } sign)
            {
                return sides.Count == 1 ? side : new RelationNode([.. sides], [.. signs]);
            }

            signs.Add(sign);
        }
    }

    private string? Sign()
    {
        var sign = Next switch
        {
            { Text: "=" or "<" or ">" } token => token.Text,
            { Kind: MathTokenKind.Command, Text: var name } => name switch { "le" => "<=", "ge" => ">=", "ne" => "!=", "approx" => "~", "in" => "in", _ => null },
            _ => null,
        };
        _at += sign is null ? 0 : 1;
        if (sign is "<" or ">" && Skip("="))
        {
            sign += "=";
        }

        return sign;
    }

    private MathNode? Union()
    {
        if (Sum() is not { } first)
        {
            return null;
        }

        var parts = new List<MathNode> { first };
        while (Skip("cup"))
        {
            if (Sum() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }

        return parts.Count == 1 ? first : new UnionNode([.. parts]);
    }

    private MathNode? Sum()
    {
        var left = Skip("pm") ? PlusMinus(new NumberNode(Rational.Of(0), false)) : Product();
        while (left is not null)
        {
            if (Skip("pm"))
            {
                left = PlusMinus(left);
                continue;
            }

            var isMinus = Is("-");
            if (!Skip("+", "-"))
            {
                break;
            }

            left = Product() is { } right ? new ApplyNode(isMinus ? Operation.Subtract : Operation.Add, left, right) : null;
        }

        return left;
    }

    private ApplyNode? PlusMinus(MathNode left) => Product() is { } right ? new ApplyNode(Operation.PlusMinus, left, right) : null;

    private MathNode? Product()
    {
        var left = Signed();
        while (left is not null)
        {
            var operation = Skip("*", "times", "cdot") ? Operation.Multiply
                : Skip("/", "div") || (left is NumberNode && Skip(":")) ? Operation.Divide
                : Skip("mod", "bmod") ? Operation.Modulo
                : StartsFactor() ? Operation.Multiply
                : default(Operation?);
            if (operation is not { } found)
            {
                break;
            }

            left = Signed() is { } right ? new ApplyNode(found, left, right) : null;
        }

        return left;
    }

    // What may follow a factor without a sign between: never a number, so that "1 2" is nothing.
    private bool StartsFactor() => Next.Kind switch
    {
        MathTokenKind.Letter => true,
        MathTokenKind.Sign => Next.Text is "(" or "{" or "[",
        MathTokenKind.Command => Next.Text is "frac" or "sqrt" or "pi" or "sin" or "cos" or "tan" or "ln" or "log" or "binom" or "mathbf" or "textbf" or "underline" or "angle",
        _ => false,
    };

    private MathNode? Signed()
    {
        if (++_depth > MaxDepth)
        {
            return null;
        }

        var isMinus = Is("-");
        var node = Skip("-", "+") ? Signed() : Power();
        _depth--;
        return node is not null && isMinus ? new ApplyNode(Operation.Negate, node) : node;
    }

    private MathNode? Power()
    {
        var node = Postfix(Primary());
        if (node is not null && Is("^"))
        {
            _at++;
            if (Skip("circ"))
            {
                return Postfix(new ApplyNode(Operation.Degrees, node));
            }

            if (Is("{") && _tokens[_at + 1].Text == "circ" && _tokens[Math.Min(_at + 2, _tokens.Count - 1)].Text == "}")
            {
                _at += 3;
                return Postfix(new ApplyNode(Operation.Degrees, node));
            }

            return Signed() is { } exponent ? Postfix(new ApplyNode(Operation.Power, node, exponent)) : null;
        }

        return node;
    }

    private MathNode? Postfix(MathNode? node)
    {
        while (node is not null)
        {
            if (Skip("!"))
            {
                node = new ApplyNode(Operation.Factorial, node);
            }
            else if (Skip("%", "percent", "pct"))
            {
                node = new ApplyNode(Operation.Percent, node);
            }
            else if (Skip("permille"))
            {
                node = new ApplyNode(Operation.PerMille, node);
            }
            else
            {
                break;
            }
        }

        return node;
    }
}
