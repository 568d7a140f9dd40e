using System.Text.RegularExpressions;

namespace Corl.Text.Mathematics;

/// <summary>Takes currency and unit off an answer: "$3.50", "10 cm", "45 degrees".</summary>
internal static partial class MathUnits
{
    // Spellings of one unit on one line, the first is its name here.
    private static readonly Dictionary<string, string> Names = new[]
    {
        "m meter meters metre metres", "cm centimeter centimeters", "mm millimeter millimeters", "km kilometer kilometers", "in inch inches", "ft foot feet", "mi mile miles", "yd yard yards",
        "g gram grams", "kg kilogram kilograms", "mg", "lb lbs pound pounds", "s sec second seconds", "min minute minutes", "h hr hour hours", "day days", "week weeks", "month months", "year years",
        "degree degrees", "m/s", "km/h kmph", "mph", "N newton newtons", "J joule joules", "W watt watts", "kW", "Hz", "V volt volts", "A amp amps", "Pa", "mL ml milliliter milliliters", "L liter liters litre litres", "K", "mol", "Ω ohm ohms",
        "usd dollar dollars USD", "cent cents", "euro euros EUR", "people", "unit units", "radian radians rad",
    }.Select(line => line.Split(' ')).SelectMany(words => words.Select(word => (word, words[0]))).ToDictionary(pair => pair.word, pair => pair.Item2);

    private static readonly Dictionary<string, string> Currencies = new() { ["$"] = "usd", ["\\$"] = "usd", ["USD"] = "usd", ["€"] = "euro", ["EUR"] = "euro", ["£"] = "pound sterling", ["¥"] = "yen", ["￥"] = "yen" };

    /// <summary>The text without its unit, and the unit's name: null without one, empty for one that is not in the list.</summary>
    /// <param name="text">A normalised answer.</param>
    /// <param name="isPlain">Whether a letter behind a number is a unit rather than a variable.</param>
    public static (string Text, string? Unit) Strip(string text, bool isPlain)
    {
        var sign = text.StartsWith('-') ? "-" : "";
        if (Currency().Match(text) is { Success: true } money)
        {
            return (sign + money.Groups["value"].Value, Currencies[money.Groups["before"].Success ? money.Groups["before"].Value : money.Groups["after"].Value]);
        }

        if (Wrapped().Match(text) is { Success: true } wrapped)
        {
            return (wrapped.Groups["value"].Value.Trim(), Name(wrapped.Groups["unit"].Value.Trim(), wrapped.Groups["power"].Value));
        }

        if (text.EndsWith(@"^\circ C", StringComparison.Ordinal) || text.EndsWith(@"^\circ F", StringComparison.Ordinal))
        {
            return (text[..^@"^\circ C".Length].Trim(), "degrees " + text[^1]);
        }

        var bare = Bare().Match(text);
        var unit = bare.Groups["unit"].Value;
        var isSpaced = bare.Groups["gap"].Length > 0 || isPlain;
        return bare.Success && isSpaced && (unit.StartsWith("square ", StringComparison.Ordinal) || unit.StartsWith("cubic ", StringComparison.Ordinal) || Names.ContainsKey(unit))
            ? (bare.Groups["value"].Value.Trim(), Name(unit, bare.Groups["power"].Value))
            : (text, null);
    }

    private static string Name(string unit, string power)
    {
        var exponent = power.Where(char.IsAsciiDigit).FirstOrDefault('1');
        foreach (var (prefix, number) in new[] { ("square ", '2'), ("cubic ", '3') })
        {
            if (unit.StartsWith(prefix, StringComparison.Ordinal))
            {
                (unit, exponent) = (unit[prefix.Length..], number);
            }
        }

        return !Names.TryGetValue(unit, out var name) || name == "unit" ? "" : exponent == '1' ? name : $"{name}^{exponent}";
    }

    [GeneratedRegex(@"^-?\s*(?:(?<before>\\\$|\$|€|£|¥|USD|EUR)\s*(?<value>[0-9][0-9,.]*(?: million| thousand| billion)?)|(?<value>[0-9][0-9,.]*)\s*(?<after>\\\$|\$|€|£|¥|USD|EUR))$", RegexOptions.CultureInvariant)]
    private static partial Regex Currency();

    // A unit set as text: 10\text{ cm}^2.
    [GeneratedRegex(@"^(?<value>.*?[0-9})\]a-z])\s*\\(?:text|mathrm|textrm|mbox|operatorname)\s*\{(?<unit>[^{}]{1,40})\}(?<power>\s*\^\s*\{?[23]\}?)?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Wrapped();

    [GeneratedRegex(@"^(?<value>.*?[0-9})\]]|.*?\\pi)(?<gap>\s*)(?<unit>(?:square |cubic )?[A-Za-zΩ]+(?:/[a-z]+)?)(?<power>\s*\^\s*\{?[23]\}?(?:\s*\^\s*\{?[23]\}?)?)?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Bare();
}
