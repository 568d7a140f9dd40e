using System.Runtime.InteropServices;

namespace Corl.Text;

/// <summary>
/// The similarity of two words that the reference grader uses (Ratcliff and Obershelp, as in Python's difflib): twice the characters in
/// matching blocks over the characters of both. The longest common block is matched first, then what lies left and right of it.
/// </summary>
internal static class SequenceRatio
{
    private const int PopularFrom = 200; // difflib: in texts this long, characters more frequent than 1 % do not start a block

    /// <summary>The ratio, [0, 1]; not symmetric.</summary>
    public static double Of(string first, string second)
    {
        int[] a = [.. first.EnumerateRunes().Select(rune => rune.Value)], b = [.. second.EnumerateRunes().Select(rune => rune.Value)];
        if (a.Length + b.Length == 0)
        {
            return 1;
        }

        var places = Places(b);
        var matched = 0;
        var ranges = new Stack<(int StartA, int EndA, int StartB, int EndB)>();
        ranges.Push((0, a.Length, 0, b.Length));
        while (ranges.TryPop(out var range))
        {
            var (i, j, size) = LongestBlock(a, b, places, range);
            if (size > 0)
            {
                matched += size;
                ranges.Push((range.StartA, i, range.StartB, j));
                ranges.Push((i + size, range.EndA, j + size, range.EndB));
            }
        }

        return 2.0 * matched / (a.Length + b.Length);
    }

    /// <summary>No pair of words of these lengths has a higher ratio.</summary>
    public static double Bound(int first, int second) => first + second == 0 ? 1 : 2.0 * Math.Min(first, second) / (first + second);

    // Where each character of b stands, the popular ones left out.
    private static Dictionary<int, List<int>> Places(int[] b)
    {
        var places = new Dictionary<int, List<int>>();
        for (var j = 0; j < b.Length; j++)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(places, b[j], out _) ??= []).Add(j);
        }

        if (b.Length >= PopularFrom)
        {
            var limit = (b.Length / 100) + 1;
            foreach (var popular in places.Where(entry => entry.Value.Count > limit).Select(entry => entry.Key).ToArray())
            {
                places.Remove(popular);
            }
        }

        return places;
    }

    // The longest block, the first of equals in a, then in b; popular characters may lengthen it.
    private static (int I, int J, int Size) LongestBlock(int[] a, int[] b, Dictionary<int, List<int>> places, (int StartA, int EndA, int StartB, int EndB) range)
    {
        var (bestI, bestJ, best) = (range.StartA, range.StartB, 0);
        var lengths = new Dictionary<int, int>(); // of the block that ends at a place of b
        for (var i = range.StartA; i < range.EndA; i++)
        {
            var next = new Dictionary<int, int>();
            foreach (var j in places.GetValueOrDefault(a[i]) ?? [])
            {
                if (j < range.StartB || j >= range.EndB)
                {
                    continue;
                }

                var length = next[j] = lengths.GetValueOrDefault(j - 1) + 1;
                if (length > best)
                {
                    (bestI, bestJ, best) = (i - length + 1, j - length + 1, length);
                }
            }

            lengths = next;
        }

        while (bestI > range.StartA && bestJ > range.StartB && a[bestI - 1] == b[bestJ - 1])
        {
            (bestI, bestJ, best) = (bestI - 1, bestJ - 1, best + 1);
        }

        while (bestI + best < range.EndA && bestJ + best < range.EndB && a[bestI + best] == b[bestJ + best])
        {
            best++;
        }

        return (bestI, bestJ, best);
    }
}
