using System.Globalization;

namespace Corl.Tokenizers;

/// <summary>A set of Unicode code points as sorted ranges that neither touch nor overlap.</summary>
internal sealed class RuneSet
{
    /// <summary>The last code point of Unicode.</summary>
    public const int Last = 0x10FFFF;

    private static readonly Lazy<Dictionary<string, RuneSet>> Categories = new(ScanCategories);
    private static readonly Lazy<RuneSet> InClasses = new(() => Of([
        .. Category("L")!.Ranges, .. Category("M")!.Ranges, .. Category("Nd")!.Ranges, .. Category("Nl")!.Ranges, .. Category("Pc")!.Ranges,
        (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]));

    private static readonly Lazy<RuneSet> OutsideOfClasses = new(() => Word.Union(Of([(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE)])));

    private RuneSet(List<(int First, int Last)> ranges) => Ranges = ranges;

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    /// <summary>The Unicode property White_Space; it covers no-break space and U+3000, not U+200B and not U+001C to U+001F.</summary>
    public static RuneSet WhiteSpace { get; } = Of([(0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]);

    public static RuneSet Of(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.Order())
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new RuneSet(merged);
    }

    public static RuneSet Single(int rune) => Of([(rune, rune)]);

    /// <summary>\w in a class: letters, marks, decimal and letter numbers, connectors, and the circled and squared letters, which Unicode counts as alphabetic.</summary>
    public static RuneSet Word => InClasses.Value;

    /// <summary>\w outside of classes: Oniguruma then looks Latin-1 up in another table, which has the superscripts and fractions too.</summary>
    public static RuneSet WordAlone => OutsideOfClasses.Value;

    /// <summary>A general category, one ("Lu") or all that begin with a letter ("L"); null when there is none of that name.</summary>
    public static RuneSet? Category(string name) => Categories.Value.GetValueOrDefault(name);

    /// <summary>
    /// A POSIX class; null for those that Unicode defines by properties .NET does not know (alpha, alnum, upper, lower) and for unknown names.
    /// </summary>
    public static RuneSet? Posix(string name) => name switch
    {
        "space" => WhiteSpace,
        "digit" => Category("Nd"),
        "xdigit" => HexDigits,
        "word" => Word,
        "punct" => Category("P")!.Union(Category("S")!), // Oniguruma counts symbols
        "cntrl" => Category("Cc"),
        _ => null,
    };

    public static RuneSet HexDigits { get; } = Of([('0', '9'), ('A', 'F'), ('a', 'f')]);

    public RuneSet Union(RuneSet other) => Of(Ranges.Concat(other.Ranges));

    public RuneSet Intersect(RuneSet other) => Complement().Union(other.Complement()).Complement();

    public RuneSet Complement()
    {
        var gaps = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (first > next)
            {
                gaps.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new RuneSet(gaps);
    }

    // In the order of System.Globalization.UnicodeCategory.
    private static readonly string[] CategoryNames =
        ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    // One pass over all 1.1 million code points, about 10 ms, made when a pattern first names a category.
    private static Dictionary<string, RuneSet> ScanCategories()
    {
        var ranges = CategoryNames.Select(_ => new List<(int, int)>()).ToArray();
        var (first, current) = (0, CharUnicodeInfo.GetUnicodeCategory(0));
        for (var rune = 1; rune <= Last + 1; rune++)
        {
            var category = rune <= Last ? CharUnicodeInfo.GetUnicodeCategory(rune) : (UnicodeCategory)(-1);
            if (category != current)
            {
                ranges[(int)current].Add((first, rune - 1));
                (first, current) = (rune, category);
            }
        }

        var named = CategoryNames.Zip(ranges).ToDictionary(pair => pair.First, pair => Of(pair.Second));
        foreach (var group in CategoryNames.Zip(ranges).GroupBy(pair => pair.First[..1]))
        {
            named.Add(group.Key, Of(group.SelectMany(pair => pair.Second)));
        }

        return named;
    }
}
