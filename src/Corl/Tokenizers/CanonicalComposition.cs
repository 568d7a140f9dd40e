using Corl.Text;

namespace Corl.Tokenizers;

/// <summary>
/// Unicode's canonical composition (NFC; Unicode Standard, section 3.11) that knows for every character where it comes from. Origins
/// follow the rule of Hugging Face's tokenizers: a composed character comes from the first of its parts.
/// </summary>
internal static class CanonicalComposition
{
    private const int FirstComposing = 0x300; // no character below takes part in a composition but as its first

    // Hangul syllables are computed: 19 leads × 21 vowels × 28 tails (section 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    /// <summary>A character on its way: <see cref="Change"/> is 1 for an inserted one, −n for one that swallowed n others.</summary>
    private readonly record struct Item(int Rune, int Change, int Class);

    public static AlignedRune[] Compose(AlignedRune[] runes)
    {
        if (runes.All(rune => rune.Value < FirstComposing))
        {
            return runes;
        }

        var items = new List<Item>();
        foreach (var rune in runes)
        {
            Decompose(rune.Value, change: 0, items);
        }

        Order(items);
        return Align(Recompose(items), runes);
    }

    private static void Decompose(int rune, int change, List<Item> items)
    {
        var syllable = rune - SyllableBase;
        if (syllable is >= 0 and < Leads * Vowels * Tails)
        {
            items.Add(new Item(LeadBase + (syllable / (Vowels * Tails)), change, 0));
            items.Add(new Item(VowelBase + (syllable / Tails % Vowels), 1, 0));
            if (syllable % Tails > 0)
            {
                items.Add(new Item(TailBase + (syllable % Tails), 1, 0));
            }
        }
        else if (UnicodeForms.CanonicalParts(rune) is { } parts)
        {
            for (var i = 0; i < parts.Length; i++)
            {
                Decompose(parts[i], i == 0 ? change : 1, items);
            }
        }
        else
        {
            items.Add(new Item(rune, change, UnicodeForms.ClassOf(rune)));
        }
    }

    // Marks after a character in the order of their classes, those of one class as they came.
    private static void Order(List<Item> items)
    {
        for (var start = 0; start < items.Count; start++)
        {
            var end = start;
            while (end < items.Count && items[end].Class > 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var ordered = items[start..end].OrderBy(item => item.Class).ToArray();
                for (var i = 0; i < ordered.Length; i++)
                {
                    items[start + i] = ordered[i];
                }
            }

            start = end;
        }
    }

    private static List<Item> Recompose(List<Item> items)
    {
        var output = new List<Item>(items.Count);
        var starter = -1; // place in the output of the character that marks may join
        foreach (var item in items)
        {
            // A mark is blocked from the starter by one of the same or a higher class between them.
            var last = output.Count - 1;
            var isBlocked = starter < 0 || (last > starter && (output[last].Class == 0 || output[last].Class >= item.Class));
            if (!isBlocked && UnicodeForms.Composed(output[starter].Rune, item.Rune) is { } composed)
            {
                output[starter] = new Item(composed, output[starter].Change + item.Change - 1, 0);
                continue;
            }

            output.Add(item);
            starter = item.Class == 0 ? output.Count - 1 : starter;
        }

        return output;
    }

    private static AlignedRune[] Align(List<Item> items, AlignedRune[] source)
    {
        var result = new AlignedRune[items.Count];
        var at = 0;
        for (var i = 0; i < result.Length; i++)
        {
            var isInserted = items[i].Change > 0;
            var origin = source[Math.Min(isInserted ? Math.Max(at - 1, 0) : at, source.Length - 1)];
            result[i] = origin with { Value = items[i].Rune };
            at += isInserted ? 0 : 1 - items[i].Change;
        }

        return result;
    }
}
