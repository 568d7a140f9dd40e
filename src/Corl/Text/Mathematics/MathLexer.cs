using System.Numerics;
using System.Text.RegularExpressions;

namespace Corl.Text.Mathematics;

/// <summary>A piece of a formula.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its spelling; of a command without the backslash.</param>
/// <param name="IsSpaced">Whether white space stands before it.</param>
/// <param name="Value">Of a number.</param>
/// <param name="IsDecimal">Whether the number has a decimal point.</param>
internal readonly record struct MathToken(MathTokenKind Kind, string Text, bool IsSpaced = false, Rational Value = default, bool IsDecimal = false);

/// <summary>Kinds of tokens.</summary>
internal enum MathTokenKind
{
    Number,
    Letter,
    Command,
    Sign,
    End,
}

/// <summary>Cuts a normalised formula into tokens.</summary>
internal static partial class MathLexer
{
    private static readonly string[] Names = ["pi", "sqrt", "sin", "cos", "tan", "log", "ln", "exp", "infinity", "infty", "and", "or", "mod", "percent", "pct", "abs"];

    /// <summary>The tokens with an end; null when something has no meaning here.</summary>
    /// <param name="text">The formula.</param>
    /// <param name="isPlain">Whether a run of letters is a word, which only names of functions may be.</param>
    public static List<MathToken>? Tokens(string text, bool isPlain)
    {
        var tokens = new List<MathToken>();
        var (isSpaced, depth) = (false, 0);
        for (var at = 0; at < text.Length;)
        {
            var c = text[at];
            if (c is ' ' or '$')
            {
                (isSpaced, at) = (true, at + 1);
                continue;
            }

            var length = 1;
            var token = char.IsAsciiDigit(c) || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])) ? Number(text, at, depth, out length)
                : c == '\\' ? Command(text, at, out length)
                : char.IsLetter(c) ? Letters(text, at, isPlain, out length)
                : "+-*/^_!%=<>()[]{}|,;:&".Contains(c) ? new MathToken(MathTokenKind.Sign, c.ToString())
                : default(MathToken?);
            if (token is not { } found)
            {
                return null;
            }

            depth += found.Text is "(" or "[" or "{" or @"\{" ? 1 : found.Text is ")" or "]" or "}" or @"\}" ? -1 : 0;
            tokens.Add(found with { IsSpaced = isSpaced });
            (isSpaced, at) = (false, at + length);
        }

        tokens.Add(new MathToken(MathTokenKind.End, ""));
        return tokens;
    }

    private static MathToken? Number(string text, int at, int depth, out int length)
    {
        var match = (depth == 0 ? Grouped() : Plain()).Match(text, at);
        length = match.Length;
        if (Rational.Parse(match.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal)) is not { } value)
        {
            return null;
        }

        var isDecimal = match.Groups["number"].Value.Contains('.', StringComparison.Ordinal);
        if (match.Groups["exponent"] is { Success: true } e)
        {
            var power = Rational.Power(Rational.Of(10), int.Parse(e.Value, System.Globalization.CultureInfo.InvariantCulture)) ?? Rational.Of(1);
            return Rational.Multiply(value, power) is { } scaled ? new MathToken(MathTokenKind.Number, match.Value, Value: scaled, IsDecimal: isDecimal) : null;
        }

        var repeated = match.Groups["over"] is { Success: true } over ? over.Value : match.Groups["dots"].Success && isDecimal ? match.Groups["number"].Value[^1..] : "";
        if (repeated.Length > 0)
        {
            // 0.1\overline{6} is 0.1 and 6/9 of a unit of its last place.
            var number = match.Groups["number"].Value;
            var places = number.Length - number.IndexOf('.', StringComparison.Ordinal) - 1;
            var below = (BigInteger.Pow(10, repeated.Length) - 1) * BigInteger.Pow(10, places);
            return Rational.Of(BigInteger.Parse(repeated, System.Globalization.CultureInfo.InvariantCulture), below) is { } tail && Rational.Add(value, tail) is { } sum
                ? new MathToken(MathTokenKind.Number, match.Value, Value: sum)
                : null;
        }

        return new MathToken(MathTokenKind.Number, match.Value, Value: value, IsDecimal: isDecimal);
    }

    private static MathToken? Command(string text, int at, out int length)
    {
        length = 2;
        if (at + 1 >= text.Length)
        {
            return null;
        }

        if (!char.IsAsciiLetter(text[at + 1]))
        {
            return text[at + 1] is '{' or '}' ? new MathToken(MathTokenKind.Sign, text.Substring(at, 2)) : null;
        }

        while (at + length < text.Length && char.IsAsciiLetter(text[at + length]))
        {
            length++;
        }

        return new MathToken(MathTokenKind.Command, text.Substring(at + 1, length - 1));
    }

    private static MathToken? Letters(string text, int at, bool isPlain, out int length)
    {
        length = 1;
        while (at + length < text.Length && char.IsLetter(text[at + length]))
        {
            length++;
        }

        var word = text.Substring(at, length);
        // "sqrt(2)" and "10 pi" are written without backslashes; other runs are products in a formula and words in a text.
        if (Names.FirstOrDefault(name => isPlain ? word == name : word.StartsWith(name, StringComparison.Ordinal) && name is "pi" or "sqrt" or "infinity") is { } known)
        {
            length = known.Length;
            return new MathToken(MathTokenKind.Command, known);
        }

        if (length > 1 && isPlain)
        {
            return null;
        }

        length = 1;
        return new MathToken(MathTokenKind.Letter, word[..1]);
    }

    [GeneratedRegex(@"\G(?<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+\.(?=\s?\\overline)|[0-9]*\.?[0-9]+)(?:[eE](?<exponent>[+-]?[0-9]{1,3})(?![0-9.])|\s?\\overline\s?\{(?<over>[0-9]{1,20})\}|(?<dots>\.\.\.))?", RegexOptions.CultureInvariant)]
    private static partial Regex Grouped();

    [GeneratedRegex(@"\G(?<number>[0-9]+\.(?=\s?\\overline)|[0-9]*\.?[0-9]+)(?:[eE](?<exponent>[+-]?[0-9]{1,3})(?![0-9.])|\s?\\overline\s?\{(?<over>[0-9]{1,20})\}|(?<dots>\.\.\.))?", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
