using System.Globalization;
using System.Numerics;

namespace Corl.Evaluation.Understanding;

/// <summary>A number of Python's: an integer of any size, or a floating-point number.</summary>
/// <param name="Value">The number.</param>
/// <param name="Whole">The number when it is an integer.</param>
internal readonly record struct PythonValue(double Value, BigInteger? Whole)
{
    public static PythonValue Of(BigInteger whole) => new((double)whole, whole);

    public static PythonValue Of(double value) => new(value, null);
}

/// <summary>
/// The part of Python's expressions that an answer can be: numbers, + − * / // % ** ^, parentheses, abs, max, min, round, and len of a
/// quoted text. What the kit gives to eval() is computed here without running anything; everything else counts as an error, as names do there.
/// </summary>
internal ref struct PythonArithmetic
{
    // Ours: answers have a few dozen characters; nesting and powers are bounded so that none can cost more than a moment.
    private const int MaxLength = 1000, MaxDepth = 50, MaxPowerBits = 20_000;

    private readonly ReadOnlySpan<char> _text;
    private int _at, _depth;
    private bool _failed;

    private PythonArithmetic(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The value of an expression, or null where Python would raise an error or give something that is no real number.</summary>
    public static PythonValue? Evaluate(string expression)
    {
        if (expression.Length > MaxLength)
        {
            return null;
        }

        var parser = new PythonArithmetic(expression);
        var value = parser.Xor();
        parser.Skip();
        return parser._failed || parser._at < expression.Length ? null : value;
    }

    private readonly char Next => _at < _text.Length ? _text[_at] : '\0';

    private void Skip()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\f')
        {
            _at++;
        }
    }

    private bool Takes(string sign)
    {
        Skip();
        if (!_text[_at..].StartsWith(sign, StringComparison.Ordinal))
        {
            return false;
        }

        _at += sign.Length;
        return true;
    }

    private PythonValue Fail()
    {
        _failed = true;
        return default;
    }

    // In Python ^ is "exclusive or" of integers: 2^3 is 1.
    private PythonValue Xor()
    {
        var left = Sum();
        while (!_failed && Takes("^"))
        {
            var right = Sum();
            left = left.Whole is { } a && right.Whole is { } b ? PythonValue.Of(a ^ b) : Fail();
        }

        return left;
    }

    private PythonValue Sum()
    {
        var left = Product();
        while (!_failed)
        {
            var plus = Takes("+");
            if (!plus && !Takes("-"))
            {
                break;
            }

            var right = Product();
            left = left.Whole is { } a && right.Whole is { } b
                ? PythonValue.Of(plus ? a + b : a - b)
                : PythonValue.Of(plus ? left.Value + right.Value : left.Value - right.Value);
        }

        return left;
    }

    private PythonValue Product()
    {
        var left = Signed();
        while (!_failed)
        {
            if (Takes("//"))
            {
                left = Floor(left, Signed());
            }
            else if (Takes("/"))
            {
                var right = Signed();
                left = right.Value == 0 ? Fail() : PythonValue.Of(left.Value / right.Value);
            }
            else if (Takes("%"))
            {
                left = Remainder(left, Signed());
            }
            else if (Takes("*"))
            {
                var right = Signed();
                left = left.Whole is { } a && right.Whole is { } b ? PythonValue.Of(a * b) : PythonValue.Of(left.Value * right.Value);
            }
            else
            {
                break;
            }
        }

        return left;
    }

    private PythonValue Floor(PythonValue left, PythonValue right)
    {
        if (right.Value == 0)
        {
            return Fail();
        }

        return left.Whole is { } a && right.Whole is { } b
            ? PythonValue.Of((a - Modulo(a, b)) / b)
            : PythonValue.Of(Math.Floor(left.Value / right.Value));
    }

    private PythonValue Remainder(PythonValue left, PythonValue right)
    {
        if (right.Value == 0)
        {
            return Fail();
        }

        return left.Whole is { } a && right.Whole is { } b
            ? PythonValue.Of(Modulo(a, b))
            : PythonValue.Of(left.Value - (right.Value * Math.Floor(left.Value / right.Value)));
    }

    private static BigInteger Modulo(BigInteger a, BigInteger b)
    {
        var rest = BigInteger.Remainder(a, b);
        return rest.Sign * b.Sign < 0 ? rest + b : rest;
    }

    private PythonValue Signed()
    {
        if (++_depth > MaxDepth)
        {
            return Fail();
        }

        var value = Takes("+") ? Signed() : Takes("-") ? Negated(Signed()) : Power();
        _depth--;
        return value;
    }

    private static PythonValue Negated(PythonValue value) => value.Whole is { } whole ? PythonValue.Of(-whole) : PythonValue.Of(-value.Value);

    private PythonValue Power()
    {
        var left = Atom();
        if (_failed || !Takes("**"))
        {
            return left;
        }

        var right = Signed();
        if (left.Whole is { } a && right.Whole is { Sign: >= 0 } b)
        {
            return b * a.GetBitLength() <= MaxPowerBits ? PythonValue.Of(BigInteger.Pow(a, (int)b)) : Fail();
        }

        var power = Math.Pow(left.Value, right.Value);
        return double.IsFinite(power) ? PythonValue.Of(power) : Fail(); // an error or a complex number in Python
    }

    private PythonValue Atom()
    {
        if (Takes("("))
        {
            var value = Xor();
            return Takes(")") ? value : Fail();
        }

        Skip();
        return char.IsAsciiLetter(Next) ? Call() : Number();
    }

    private PythonValue Call()
    {
        var start = _at;
        while (char.IsAsciiLetter(Next))
        {
            _at++;
        }

        var name = _text[start.._at].ToString();
        if (!Takes("("))
        {
            return Fail();
        }

        if (name == "len")
        {
            return Length();
        }

        List<PythonValue> arguments = [];
        do
        {
            arguments.Add(Xor());
        }
        while (!_failed && Takes(","));
        return _failed || !Takes(")") ? Fail() : (name, arguments.Count) switch
        {
            ("abs", 1) => arguments[0].Value < 0 ? Negated(arguments[0]) : arguments[0],
            ("max", > 1) => arguments.MaxBy(argument => argument.Value),
            ("min", > 1) => arguments.MinBy(argument => argument.Value),
            ("round", 1) => double.IsFinite(arguments[0].Value) ? PythonValue.Of(new BigInteger(Math.Round(arguments[0].Value))) : Fail(),
            _ => Fail(),
        };
    }

    private PythonValue Length()
    {
        Skip();
        var mark = Next;
        var end = mark is '\'' or '"' ? _text[(_at + 1)..].IndexOf(mark) : -1;
        if (end < 0 || _text.Slice(_at + 1, end).Contains('\\'))
        {
            return Fail();
        }

        _at += end + 2;
        return Takes(")") ? PythonValue.Of(new BigInteger(end)) : Fail();
    }

    private PythonValue Number()
    {
        var start = _at;
        if (Next == '0' && _at + 1 < _text.Length && _text[_at + 1] == 'x')
        {
            _at += 2;
            while (char.IsAsciiHexDigit(Next))
            {
                _at++;
            }

            return BigInteger.TryParse($"0{_text[(start + 2).._at]}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) && _at > start + 2 ? PythonValue.Of(hex) : Fail();
        }

        while (char.IsAsciiDigit(Next) || Next is '.' or '_' || (Next == 'e' && _at > start) || (Next is '+' or '-' && _at > start && _text[_at - 1] == 'e'))
        {
            _at++;
        }

        var text = _text[start.._at].ToString();
        if (PythonNumber.Integer(text) is { } whole)
        {
            return text.Length > 1 && text[0] == '0' && !whole.IsZero ? Fail() : PythonValue.Of(whole); // 05 is a syntax error, 00 is not
        }

        return PythonNumber.Real(text) is { } real && double.IsFinite(real) ? PythonValue.Of(real) : Fail();
    }
}
