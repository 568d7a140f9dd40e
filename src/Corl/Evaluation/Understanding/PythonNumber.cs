using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>Numbers as Python reads and prints them, which the reference scorers do between every two steps.</summary>
internal static partial class PythonNumber
{
    private const int MaxDigits = 4300; // Python's own limit for int()

    /// <summary>int(text): decimal digits of any script, single underscores between them, a sign, outer white space.</summary>
    public static BigInteger? Integer(string text)
    {
        var plain = AsciiDigits(PythonText.Trim(text).ToString());
        return plain.Length <= MaxDigits && WholeNumber().IsMatch(plain) ? BigInteger.Parse(Bare(plain), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>float(text): the same with a fraction and an exponent; inf and nan.</summary>
    public static double? Real(string text)
    {
        var plain = AsciiDigits(PythonText.Trim(text).ToString());
        if (plain.Length <= MaxDigits && DecimalNumber().IsMatch(plain))
        {
            return double.Parse(Bare(plain), NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return plain.TrimStart('+', '-').ToLowerInvariant() switch
        {
            "inf" or "infinity" when Signs(plain) <= 1 => plain[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
            "nan" when Signs(plain) <= 1 => double.NaN,
            _ => null,
        };
    }

    /// <summary>
    /// The number in a cell of a table, as pandas reads it: no underscores, ASCII white space outside, "inf" and "infinity" in any case.
    /// </summary>
    /// <returns>The number and whether it is an integer of 64 bits; null when the cell is text.</returns>
    public static (double Value, long? Integer)? Cell(string text)
    {
        var plain = text.Trim(' ', '\t', '\n', '\v', '\f', '\r');
        if (plain.Length is 0 or > MaxCellNumber)
        {
            return null;
        }

        if (CellInteger().IsMatch(plain) && long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return (whole, whole);
        }

        if (CellReal().IsMatch(plain))
        {
            return (double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture), null);
        }

        return plain.ToLowerInvariant() switch
        {
            "inf" or "+inf" or "infinity" or "+infinity" => (double.PositiveInfinity, null),
            "-inf" or "-infinity" => (double.NegativeInfinity, null),
            _ => null,
        };
    }

    /// <summary>str(value): the shortest digits that give the number back, an exponent below 1e-4 and from 1e16.</summary>
    public static string Show(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var scientific = value.ToString("E16", CultureInfo.InvariantCulture); // only its sign is used
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var (digits, point) = Digits(shortest.TrimStart('-'));
        var sign = scientific[0] == '-' ? "-" : "";
        return sign + (point is > -4 and <= 16 ? Positional(digits, point) : Scientific(digits, point));
    }

    private const int MaxCellNumber = 400; // a double has at most 309 digits before the point

    // The digits without leading and trailing zeros, and where the decimal point stands among them.
    private static (string Digits, int Point) Digits(string shortest)
    {
        var parts = shortest.Split('E');
        var exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var halves = parts[0].Split('.');
        var all = string.Concat(halves);
        var leading = all.Length - all.TrimStart('0').Length;
        return all.Trim('0') is { Length: > 0 } digits ? (digits, halves[0].Length + exponent - leading) : ("0", 1);
    }

    private static string Positional(string digits, int point) =>
        point <= 0 ? $"0.{new string('0', -point)}{digits}"
        : point >= digits.Length ? $"{digits}{new string('0', point - digits.Length)}.0"
        : $"{digits[..point]}.{digits[point..]}";

    private static string Scientific(string digits, int point)
    {
        var exponent = point - 1;
        var text = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        return string.Create(CultureInfo.InvariantCulture, $"{text}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    private static string AsciiDigits(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? ((int)Rune.GetNumericValue(rune)).ToString(CultureInfo.InvariantCulture) : rune.ToString());
        }

        return result.ToString();
    }

    private static int Signs(string text) => text.TakeWhile(c => c is '+' or '-').Count();

    private static string Bare(string text) => text.Replace("_", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[+-]?[0-9]+(?:_[0-9]+)*\z")]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"\A[+-]?(?:[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?\z")]
    private static partial Regex DecimalNumber();

    [GeneratedRegex(@"\A[+-]?[0-9]+\z")]
    private static partial Regex CellInteger();

    [GeneratedRegex(@"\A[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z")]
    private static partial Regex CellReal();
}
