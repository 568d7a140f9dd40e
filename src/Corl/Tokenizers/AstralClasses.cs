namespace Corl.Tokenizers;

/// <summary>
/// Lets .NET's regular expressions, which work on UTF-16 units, see one unit per code point. A tokenizer's patterns can tell code points
/// apart only by the sets they name, so the code points above U+FFFF fall into a few classes of equals; each class is written as one
/// surrogate code unit, which cannot occur otherwise because lone surrogates are replaced before.
/// </summary>
internal sealed class AstralClasses
{
    private const int FirstAstral = 0x10000;
    private const int MaxClasses = 0xE000 - 0xD800; // the surrogate code units

    private readonly int[] _starts; // first code points of the intervals that no set divides, ascending
    private readonly char[] _units; // what each interval is written as

    private AstralClasses(int[] starts, char[] units)
    {
        _starts = starts;
        _units = units;
    }

    /// <summary>Divides the code points above U+FFFF by the given sets; null when that needs more classes than there are units.</summary>
    public static AstralClasses? Of(IReadOnlyCollection<RuneSet> sets)
    {
        var starts = sets.SelectMany(set => set.Ranges).SelectMany(range => new[] { range.First, range.Last + 1 })
            .Where(start => start is > FirstAstral and <= RuneSet.Last).Append(FirstAstral).Distinct().Order().ToArray();
        var classes = new int[starts.Length];
        var count = 1;
        foreach (var set in sets.Distinct())
        {
            var inside = new Dictionary<int, int>(); // class → its part inside the set
            foreach (var i in Intervals(starts, set))
            {
                if (!inside.TryGetValue(classes[i], out var part))
                {
                    inside.Add(classes[i], part = count++);
                }

                classes[i] = part;
            }
        }

        var used = classes.Distinct().Order().ToArray();
        return used.Length > MaxClasses ? null : new AstralClasses(starts, [.. classes.Select(c => (char)(0xD800 + Array.BinarySearch(used, c)))]);
    }

    /// <summary>The unit that a code point above U+FFFF is written as.</summary>
    public char UnitOf(int rune)
    {
        var i = Array.BinarySearch(_starts, rune);
        return _units[i >= 0 ? i : ~i - 1];
    }

    /// <summary>The units of a set that took part in the division, ascending.</summary>
    public IEnumerable<char> UnitsOf(RuneSet set) => Intervals(_starts, set).Select(i => _units[i]).Distinct().Order();

    private static IEnumerable<int> Intervals(int[] starts, RuneSet set)
    {
        foreach (var (first, last) in set.Ranges)
        {
            if (last < FirstAstral)
            {
                continue;
            }

            for (var i = Array.BinarySearch(starts, Math.Max(first, FirstAstral)); i < starts.Length && starts[i] <= last; i++)
            {
                yield return i;
            }
        }
    }
}
