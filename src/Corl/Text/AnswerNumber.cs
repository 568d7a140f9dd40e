using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Corl.Text;

/// <summary>A number in an answer, kept at six decimals: digits, thousands separators, decimals, exponents, fractions, or English words below a million.</summary>
internal static partial class AnswerNumber
{
    // Ours: longer texts are compared as text only; a number in an answer has a few dozen characters.
    private const int MaxLength = 200;
    private const int Decimals = 6;

    private static readonly Dictionary<string, int> Units = Numbered("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 0, 1);
    private static readonly Dictionary<string, int> Tens = Numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10);

    /// <summary>The number times 10^6, rounded half to even; null when the text is no number.</summary>
    public static BigInteger? Parse(string text)
    {
        text = PythonText.Trim(text).ToString();
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        text = text.Replace('\u2212', '-');
        if (Thousands().IsMatch(text))
        {
            text = text.Replace(",", "", StringComparison.Ordinal);
        }

        if (Decimal().Match(text) is { Success: true } number)
        {
            var digits = number.Groups["whole"].Value + number.Groups["part"].Value;
            var exponent = number.Groups["exponent"] is { Success: true } e ? int.Parse(e.Value, CultureInfo.InvariantCulture) : 0;
            var scale = exponent - number.Groups["part"].Length;
            var value = BigInteger.Parse(number.Groups["sign"].Value + digits, CultureInfo.InvariantCulture);
            return scale >= 0 ? Round(value * BigInteger.Pow(10, scale), 1) : Round(value, BigInteger.Pow(10, -scale));
        }

        if (Fraction().Match(text) is { Success: true } fraction)
        {
            var below = BigInteger.Parse(fraction.Groups[2].Value, CultureInfo.InvariantCulture);
            return below.IsZero ? null : Round(BigInteger.Parse(fraction.Groups[1].Value, CultureInfo.InvariantCulture), below);
        }

        return Words(text.ToLowerInvariant()) is { } words ? Round(words, 1) : null;
    }

    private static BigInteger Round(BigInteger above, BigInteger below)
    {
        var scaled = above * BigInteger.Pow(10, Decimals);
        var floor = BigInteger.DivRem(scaled, below, out var rest);
        if (rest.Sign < 0)
        {
            (floor, rest) = (floor - 1, rest + below);
        }

        var half = (2 * rest).CompareTo(below);
        return half > 0 || (half == 0 && !floor.IsEven) ? floor + 1 : floor;
    }

    // "twenty-one", "three hundred and five thousand two": within each group hundreds, then tens, then units, none twice.
    private static int? Words(string text)
    {
        var (total, group, room) = (0, 0, 1000); // room: the next word must be worth less
        var isNumber = false;
        foreach (var word in PythonText.Words(text.Replace('-', ' ')))
        {
            if (Units.TryGetValue(word, out var value) || Tens.TryGetValue(word, out value))
            {
                if (value >= room)
                {
                    return null;
                }

                (group, room) = (group + value, value >= 20 ? 10 : 0);
            }
            else if (word == "hundred" && group < 100 && (group, room) is not (0, 0))
            {
                (group, room) = (Math.Max(group, 1) * 100, 100);
            }
            else if (word == "thousand" && total == 0 && (group, room) is not (0, 0))
            {
                (total, group, room) = (Math.Max(group, 1) * 1000, 0, 1000);
            }
            else if (word != "and")
            {
                return null;
            }

            isNumber |= word != "and";
        }

        return isNumber ? total + group : null;
    }

    private static Dictionary<string, int> Numbered(string words, int first, int step) =>
        words.Split(' ').Select((word, i) => (word, value: first + (i * step))).ToDictionary(pair => pair.word, pair => pair.value);

    [GeneratedRegex(@"\A[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();

    [GeneratedRegex(@"\A(?<sign>[+-]?)(?:(?<whole>[0-9]+)(?:\.(?<part>[0-9]*))?|\.(?<part>[0-9]+))(?:[eE](?<exponent>[+-]?[0-9]{1,3}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\A([+-]?[0-9]+)\s*/\s*([0-9]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Fraction();
}
