using System.Globalization;

namespace Corl.Tokenizers;

/// <summary>A set of Unicode code points as sorted ranges that neither touch nor overlap.</summary>
internal sealed class RuneSet
{
    /// <summary>The last code point of Unicode.</summary>
    public const int Last = 0x10FFFF;

    private static readonly Lazy<List<(int, int)>[]> ByCategory = new(ScanCategories);

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

    /// <summary>
    /// A general category ("L", "Lu") or one of the names that regular expressions give to unions of them ("word", "alpha"); null when
    /// there is no such name. Scripts are not known to .NET.
    /// </summary>
    public static RuneSet? Named(string name)
    {
        string[] categories = name.ToLowerInvariant() switch
        {
            "any" => ["C", "L", "M", "N", "P", "S", "Z"],
            "alpha" or "alphabetic" or "letter" => ["L", "Nl", "M"],
            "alnum" => ["L", "Nl", "M", "Nd"],
            "word" => ["L", "Nl", "M", "Nd", "Pc"],
            "digit" => ["Nd"],
            "upper" => ["Lu"],
            "lower" => ["Ll"],
            "punct" => ["P", "S"],
            "number" => ["N"],
            "cntrl" => ["Cc"],
            _ => [name],
        };
        return name.ToLowerInvariant() switch
        {
            "space" or "white_space" => WhiteSpace,
            "xdigit" => HexDigits,
            _ when categories.All(category => CategoriesOf(category).Any()) => Of(categories.SelectMany(CategoriesOf).SelectMany(i => ByCategory.Value[i])),
            _ => null,
        };
    }

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

    private static IEnumerable<int> CategoriesOf(string name) =>
        Enumerable.Range(0, CategoryNames.Length).Where(i => CategoryNames[i] == name || (name.Length == 1 && CategoryNames[i][0] == name[0]));

    // In the order of System.Globalization.UnicodeCategory.
    private static readonly string[] CategoryNames =
        ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    // One pass over all 1.1 million code points, about 10 ms, made when a pattern first names a category.
    private static List<(int, int)>[] ScanCategories()
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

        return ranges;
    }
}
