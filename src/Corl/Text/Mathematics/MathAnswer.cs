using System.Text.RegularExpressions;

namespace Corl.Text.Mathematics;

/// <summary>
/// Mathematical equivalence of a true answer and a given one. Deterministic and total: a budget of steps in place of a clock, bounded
/// depth and length, and whatever is not understood is compared as text. The verdicts follow Math-Verify where its own are not plain
/// mistakes.
/// </summary>
internal static partial class MathAnswer
{
    private const int MaxLength = 4096; // characters of either text; ours: an answer has a few dozen
    private const int MaxSteps = 50_000; // evaluated parts; ours: a polynomial of twenty terms takes 1,000
    private const int MaxSuffixes = 40;  // places at which a formula in a sentence is looked for; ours

    private static readonly (string From, string To)[] Words = [(" over ", "/"), (" equals ", " = "), ("minus ", "-"), ("negative ", "-"), (" percent", "%"), (" pct", "%")];

    /// <summary>Compares two answers.</summary>
    /// <param name="truth">The true answer.</param>
    /// <param name="answer">The given one; a whole response is searched for its answer.</param>
    /// <param name="level">How much mathematics is understood.</param>
    /// <returns>Whether they are equal, and the rule that said so.</returns>
    public static (bool IsEqual, string Reason) Compare(string truth, string answer, MathLevel level)
    {
        if (truth.Length > MaxLength || answer.Length > MaxLength)
        {
            return (false, "too long for mathematics");
        }

        var (wanted, given) = (Read(truth), Read(answer));
        if (wanted.Phrase.Length > 0 && wanted.Phrase == given.Phrase)
        {
            return (true, "equal formula");
        }

        if (wanted.Unit is { Length: > 0 } a && given.Unit is { Length: > 0 } b && a != b)
        {
            return (false, "different units");
        }

        var budget = new StepBudget(MaxSteps);
        foreach (var left in wanted.Formulas.Where(node => node.Level <= level))
        {
            foreach (var right in given.Formulas.Where(node => node.Level <= level))
            {
                if (new MathComparison(budget).Equal(left, right))
                {
                    return (true, "equal mathematics");
                }
            }
        }

        return (false, "different mathematics");
    }

    private static (IReadOnlyList<MathNode> Formulas, string? Unit, string Phrase) Read(string text)
    {
        if (text.Contains("<think>", StringComparison.Ordinal) || text.Contains("<answer>", StringComparison.Ordinal))
        {
            text = AnswerTags.Extract(text).Answer ?? "";
        }

        var (answer, isPlain) = MathExtraction.Find(MathText.Normalise(text));
        var phrase = MathText.Phrase(isPlain || answer.Contains(@"\text", StringComparison.Ordinal) || !answer.Contains('\\', StringComparison.Ordinal) ? answer : "");
        if (isPlain)
        {
            answer = Words.Aggregate($" {answer}", (all, word) => all.Replace(word.From, word.To, StringComparison.OrdinalIgnoreCase)).Trim();
        }

        var (bare, unit) = MathUnits.Strip(answer, isPlain);
        var formulas = new List<MathNode>();
        Add(Whole(bare, isPlain));
        if (DecimalComma().Match(bare) is { Success: true } comma)
        {
            Add(MathParser.Parse($"{comma.Groups[1].Value}.{comma.Groups[2].Value}", isPlain));
        }

        if (MixedWords().Match(bare) is { Success: true } mixed)
        {
            Add(MathParser.Parse($"{mixed.Groups[1].Value} {mixed.Groups[2].Value}", isPlain));
        }

        if (formulas.Count == 0 && isPlain)
        {
            (var found, unit) = InSentence(bare, unit);
            Add(found);
        }

        return (formulas, unit, phrase);

        void Add(MathNode? node)
        {
            if (node is not null)
            {
                formulas.Add(node);
            }
        }
    }

    private static MathNode? Whole(string text, bool isPlain)
    {
        if (SpacedThousands().IsMatch(text))
        {
            text = text.Replace(" ", "", StringComparison.Ordinal);
        }

        return MathParser.Parse(text, isPlain) ?? (AnswerNumber.Parse(text) is { } words ? Millionths(words) : Scaled(text));
    }

    private static NumberNode? Millionths(System.Numerics.BigInteger value) => Rational.Of(value, 1_000_000) is { } number ? new NumberNode(number, false) : null;

    // "1.5 million".
    private static ApplyNode? Scaled(string text) =>
        BigWord().Match(text) is { Success: true } big && MathParser.Parse(big.Groups[1].Value, isPlain: true) is { } number
            ? new ApplyNode(Operation.Multiply, number, new NumberNode(Rational.Of(big.Groups[2].Value switch { "thousand" => 1_000, "million" => 1_000_000, _ => 1_000_000_000 }), false))
            : null;

    // The longest end of a sentence that is a formula with a number, else its last number.
    private static (MathNode? Formula, string? Unit) InSentence(string text, string? unit)
    {
        text = LastSentence(text);
        var starts = text.Index().Where(x => x.Item == ' ').Select(x => x.Index + 1).Take(MaxSuffixes);
        foreach (var start in starts)
        {
            var (bare, found) = MathUnits.Strip(text[start..], isPlain: true);
            if (bare.Any(char.IsAsciiDigit) && MathParser.Parse(bare, isPlain: true) is { } formula)
            {
                return (formula, found ?? unit);
            }
        }

        Match? last = null;
        foreach (Match match in Number().Matches(text))
        {
            last = match;
        }

        if (last is null)
        {
            return (null, unit);
        }

        var (number, behind) = MathUnits.Strip(last.Value, isPlain: true);
        return (MathParser.Parse(number, isPlain: true), behind ?? unit);
    }

    private static string LastSentence(string text)
    {
        var end = text.LastIndexOf(". ", StringComparison.Ordinal);
        return end >= 0 && text[end..].Any(char.IsAsciiDigit) ? text[(end + 1)..] : text;
    }

    [GeneratedRegex(@"^(-?[0-9]+),([0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^(-?[0-9]+) and ([0-9]+ ?/ ?[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex MixedWords();

    [GeneratedRegex(@"^[+-]? ?[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex SpacedThousands();

    [GeneratedRegex("^(.+) (thousand|million|billion)$", RegexOptions.CultureInvariant)]
    private static partial Regex BigWord();

    // A number as it stands in prose, with currency before and per cent or a unit behind.
    [GeneratedRegex(@"(?<![A-Za-z0-9.,])(?:\\?\$|€|£|¥)?[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?:/[0-9]+)?(?:%| ?(?:cm|km|mm|kg|m)\b)?", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
