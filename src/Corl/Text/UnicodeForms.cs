using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Corl.Text;

/// <summary>
/// Unicode normalisation forms KC and D (Unicode Standard Annex 15); with KC "Ａ", "𝐀" and "A" are one answer. Written here because the
/// run-time's own normalisation does nothing when it runs without ICU (invariant globalisation). Total: lone surrogates stay as they are.
/// The tables are Unicode 15.0, made by <c>build/data/UnicodeForms.cs</c>.
/// </summary>
internal static class UnicodeForms
{
    // Hangul syllables are arithmetic: the constants of section 3.12 of the Unicode Standard.
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28, HangulCount = LeadCount * VowelCount * TailCount;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    /// <summary>The form KC of <paramref name="text"/>: compatibility characters replaced, the rest composed.</summary>
    public static string Compatibility(string text) =>
        Ascii.IsValid(text) ? text : Written(Compose(Apart(text, canonicalOnly: false, Data.Value), Data.Value));

    /// <summary>The form D of <paramref name="text"/>: letters and their accents apart.</summary>
    public static string Decomposed(string text) => Ascii.IsValid(text) ? text : Written(Apart(text, canonicalOnly: true, Data.Value));

    /// <summary>The canonical combining class of a code point; 0 for characters that marks join.</summary>
    internal static int ClassOf(int point) => Data.Value.ClassOf(point);

    /// <summary>One step of the canonical decomposition, Hangul syllables excepted; null when there is none.</summary>
    internal static int[]? CanonicalParts(int point) => Data.Value.CanonicalParts(point);

    /// <summary>What two code points compose to, Hangul included; null when they stay two.</summary>
    internal static int? Composed(int first, int second) => Pair(first, second, Data.Value);

    // Linear time but for long runs of combining marks, which are sorted.
    private static List<int> Apart(string text, bool canonicalOnly, Tables tables)
    {
        var points = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            tables.Decompose(isPair ? char.ConvertToUtf32(text[i], text[++i]) : text[i], canonicalOnly, points);
        }

        Order(points, tables);
        return points;
    }

    // Canonical ordering: each run of combining marks is sorted by class, marks of one class keeping their order.
    private static void Order(List<int> points, Tables tables)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            var isSorted = true;
            for (var last = 0; end < points.Count && tables.ClassOf(points[end]) is var mark and > 0; end++)
            {
                isSorted &= mark >= last;
                last = mark;
            }

            if (!isSorted)
            {
                Sort(CollectionsMarshal.AsSpan(points)[start..end], tables);
            }

            start = Math.Max(start, end - 1);
        }
    }

    private static void Sort(Span<int> marks, Tables tables)
    {
        const int Short = 16; // ours: insertion sort below, without allocation
        if (marks.Length > Short)
        {
            marks.ToArray().OrderBy(tables.ClassOf).ToArray().CopyTo(marks); // OrderBy is stable
            return;
        }

        for (var i = 1; i < marks.Length; i++)
        {
            for (var j = i; j > 0 && tables.ClassOf(marks[j - 1]) > tables.ClassOf(marks[j]); j--)
            {
                (marks[j - 1], marks[j]) = (marks[j], marks[j - 1]);
            }
        }
    }

    private static List<int> Compose(List<int> points, Tables tables)
    {
        var result = new List<int>(points.Count);
        var starter = -1; // index in result of the character that following marks may join
        var lastClass = 0;
        foreach (var point in points)
        {
            var mark = tables.ClassOf(point);
            var isBlocked = starter >= 0 && starter < result.Count - 1 && (lastClass >= mark || lastClass == 0);
            if (starter >= 0 && !isBlocked && Pair(result[starter], point, tables) is { } composed)
            {
                result[starter] = composed;
                continue;
            }

            if (mark == 0)
            {
                starter = result.Count;
            }

            lastClass = mark;
            result.Add(point);
        }

        return result;
    }

    private static string Written(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        foreach (var point in points)
        {
            _ = point < 0x10000 ? text.Append((char)point) : text.Append(char.ConvertFromUtf32(point));
        }

        return text.ToString();
    }

    private static int? Pair(int first, int second, Tables tables)
    {
        if (first - LeadBase is >= 0 and < LeadCount && second - VowelBase is >= 0 and < VowelCount)
        {
            return HangulBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TailCount);
        }

        var isOpenSyllable = first - HangulBase is >= 0 and < HangulCount && (first - HangulBase) % TailCount == 0;
        if (isOpenSyllable && second - TailBase is > 0 and < TailCount)
        {
            return first + second - TailBase;
        }

        return tables.Composed.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private sealed class Tables
    {
        private const int FirstMark = 0x300; // the first combining character
        private readonly Dictionary<int, int[]> _steps = [];
        private readonly Dictionary<int, byte> _classes = [];
        private readonly HashSet<int> _isCompatibility = [];

        /// <summary>Canonical compositions: (first, second) → composed.</summary>
        public Dictionary<(int First, int Second), int> Composed { get; } = [];

        public static Tables Load()
        {
            var tables = new Tables();
            using var file = typeof(UnicodeForms).Assembly.GetManifestResourceStream("unicode-forms.bin")!;
            using var lines = new StreamReader(new DeflateStream(file, CompressionMode.Decompress), Encoding.ASCII);
            while (lines.ReadLine() is { } line)
            {
                tables.Add(line.Split(' '));
            }

            return tables;
        }

        public int ClassOf(int point) => point < FirstMark ? 0 : _classes.GetValueOrDefault(point);

        public int[]? CanonicalParts(int point) => _isCompatibility.Contains(point) ? null : _steps.GetValueOrDefault(point);

        // Appends the full decomposition; the data's own chains are at most four steps deep.
        public void Decompose(int point, bool canonicalOnly, List<int> output)
        {
            if (point - HangulBase is >= 0 and < HangulCount)
            {
                var index = point - HangulBase;
                output.Add(LeadBase + (index / (VowelCount * TailCount)));
                output.Add(VowelBase + (index % (VowelCount * TailCount) / TailCount));
                if (index % TailCount > 0)
                {
                    output.Add(TailBase + (index % TailCount));
                }
            }
            else if (_steps.TryGetValue(point, out var parts) && !(canonicalOnly && _isCompatibility.Contains(point)))
            {
                foreach (var part in parts)
                {
                    Decompose(part, canonicalOnly, output);
                }
            }
            else
            {
                output.Add(point);
            }
        }

        // code, combining class, flag (k: compatibility only, x: never composed, -), then the one-step decomposition.
        private void Add(string[] fields)
        {
            var point = int.Parse(fields[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (fields[1] != "0")
            {
                _classes[point] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
            }

            if (fields.Length == 3)
            {
                return;
            }

            int[] parts = [.. fields[3..].Select(part => int.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            _steps[point] = parts;
            if (fields[2] == "k")
            {
                _isCompatibility.Add(point);
            }

            // Decompositions that start with a combining mark, or that are one, are never composed either (UAX 15, full exclusions).
            if (fields[2] == "-" && parts.Length == 2 && fields[1] == "0" && !_classes.ContainsKey(parts[0]))
            {
                Composed[(parts[0], parts[1])] = point;
            }
        }
    }
}
