using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// The formulas whose numeric value the kit gets to see: rational arithmetic in LaTeX. It evaluates the printed form of a parsed formula
/// in a place where π, √ (even of a square number) and variables have no meaning, so that every other formula counts as unequal.
/// The two states of the kit use different parsers.
/// </summary>
internal ref partial struct LatexArithmetic
{
    private const int MaxLength = 1000, MaxDepth = 50; // ours, as in PythonArithmetic

    private readonly ReadOnlySpan<char> _text;
    private readonly KitProfile _profile;
    private int _at, _depth;
    private bool _failed;

    private LatexArithmetic(ReadOnlySpan<char> text, KitProfile profile)
    {
        _text = text;
        _profile = profile;
    }

    /// <summary>The value of a formula in lower case, or null where the kit gets none.</summary>
    public static double? Evaluate(string formula, KitProfile profile)
    {
        var text = Prepared(formula, profile);
        if (text.Length > MaxLength)
        {
            return null;
        }

        var parser = new LatexArithmetic(text, profile);
        var value = parser.Sum();
        parser.Skip();
        return parser._failed || parser._at < text.Length || !double.IsFinite(value) ? null : value;
    }

    /// <summary>The formula without what its parser ignores.</summary>
    internal static string Prepared(string formula, KitProfile profile)
    {
        var text = new StringBuilder(formula.Trim())
            .Replace("$", "").Replace("\\left", "").Replace("\\right", "").Replace("\\!", "").Replace("\\,", "").Replace("\\;", "").Replace("\\dfrac", "\\frac").Replace("\\tfrac", "\\frac");
        if (profile == KitProfile.Head)
        {
            text.Replace("^\\circ", "").Replace("^{\\circ}", "").Replace("'", "").Replace("\"", "");
            return text.ToString();
        }

        return Assignment().Replace(text.ToString(), ""); // "x = 5" assigns, and the value of an assignment is its right side
    }

    private readonly char Next => _at < _text.Length ? _text[_at] : '\0';

    private void Skip()
    {
        while (_at < _text.Length && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '~'))
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

    private double Fail()
    {
        _failed = true;
        return double.NaN;
    }

    private double Sum()
    {
        if (++_depth > MaxDepth)
        {
            return Fail();
        }

        var value = Product();
        while (!_failed)
        {
            if (Takes("+"))
            {
                value += Product();
            }
            else if (Takes("-"))
            {
                value -= Product();
            }
            else
            {
                break;
            }
        }

        _depth--;
        return value;
    }

    private double Product()
    {
        var value = Signed();
        while (!_failed)
        {
            if (Takes("\\times") || Takes("\\cdot") || Takes("*"))
            {
                value *= Signed();
            }
            else if (Takes("\\div") || Takes("/") || Takes(":"))
            {
                value /= Signed();
            }
            else if (BeginsFactor())
            {
                value *= Power(); // written side by side
            }
            else
            {
                break;
            }
        }

        return value;
    }

    private bool BeginsFactor()
    {
        Skip();
        return char.IsAsciiDigit(Next) || Next is '(' or '{' or '\\' or '.';
    }

    private double Signed()
    {
        if (++_depth > MaxDepth)
        {
            return Fail();
        }

        var value = Takes("-") ? -Signed() : Takes("+") ? Signed() : Power();
        _depth--;
        return value;
    }

    private double Power()
    {
        var value = Atom();
        if (_failed || !Takes("^"))
        {
            return value;
        }

        return Math.Pow(value, Takes("{") ? Closed('}') : Next == '-' ? Signed() : Atom());
    }

    private double Atom()
    {
        if (Takes("("))
        {
            return Closed(')');
        }

        if (Takes("{"))
        {
            return Closed('}');
        }

        if (Takes("\\frac"))
        {
            var above = Takes("{") ? Closed('}') : Fail();
            return Takes("{") ? above / Closed('}') : Fail();
        }

        return Number();
    }

    private double Closed(char end)
    {
        var value = Sum();
        return Takes($"{end}") ? value : Fail();
    }

    private double Number()
    {
        Skip();
        if (Digits().Match(_text[_at..].ToString()) is not { Success: true } match)
        {
            return Fail();
        }

        _at += match.Length;
        var value = double.Parse(match.Value.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (Takes("\\%") || (_profile == KitProfile.Head && Takes("%")))
        {
            return value / 100;
        }

        if (_profile == KitProfile.Head && !match.Value.Contains('.', StringComparison.Ordinal) && MixedNumber().IsMatch(_text[_at..]))
        {
            return value + Atom(); // 1 \frac{1}{2} is a mixed number there
        }

        return value;
    }

    [GeneratedRegex(@"\A(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+)")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A\s*\\frac\{[0-9]+\}\{[0-9]+\}")]
    private static partial Regex MixedNumber();

    [GeneratedRegex(@"\A\s*[a-z]\s*=(?!=)")]
    private static partial Regex Assignment();
}
