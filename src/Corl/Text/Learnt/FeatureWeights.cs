namespace Corl.Text.Learnt;

/// <summary>
/// Weights of a linear model as they ship: for each known feature the few classes that it speaks for or against, in steps of
/// <c>scale</c>. An open-addressed table, safe for any number of threads.
/// </summary>
internal sealed class FeatureWeights : IFeatureWeights
{
    private const int MaxFeatures = 4_000_000; // bounds what a damaged file can ask for
    private const int MaxEntries = 16_000_000;
    private const int FewestSteps = 12; // smaller weights are left out: a third of the file, and nearly the same trees
    private readonly Slot[] _slots; // by the low bits of a feature; a power of two, at most half full
    private readonly ushort[] _entries; // class · 256 + weight, from Slot.Start
    private readonly float _scale;

    private FeatureWeights(Slot[] slots, ushort[] entries, float scale) => (_slots, _entries, _scale) = (slots, entries, scale);

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<ulong> features, Span<float> scores)
    {
        Span<int> sums = stackalloc int[byte.MaxValue + 1];
        sums.Clear();
        Span<int> at = stackalloc int[features.Length];
        var mask = _slots.Length - 1;
        for (var i = 0; i < at.Length; i++)
        {
            at[i] = (int)(Key(features[i]) & (uint)mask);
            Prefetch.Of(ref _slots[at[i]]);
        }

        for (var i = 0; i < at.Length; i++)
        {
            var key = Key(features[i]);
            while (_slots[at[i]].Count != 0 && _slots[at[i]].Key != key)
            {
                at[i] = (at[i] + 1) & mask;
            }

            if (_slots[at[i]].Count != 0)
            {
                Prefetch.Of(ref _entries[_slots[at[i]].Start]);
            }
        }

        foreach (var slot in at)
        {
            foreach (var entry in _entries.AsSpan(_slots[slot].Start, _slots[slot].Count))
            {
                sums[entry >> 8] += (sbyte)entry;
            }
        }

        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] += sums[i] * _scale;
        }
    }

    /// <summary>The averages of learnt weights, as if they had been written and read.</summary>
    public static FeatureWeights Of(LearningWeights learnt, int fewestUpdates, int classes)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        Write(writer, learnt.Averages(fewestUpdates), learnt.Scale());
        file.Position = 0;
        using var reader = new BinaryReader(file);
        return Read(reader, classes);
    }

    /// <summary>The part of a feature that is kept: two of a million features share it once in two thousand pairs of tables.</summary>
    public static uint Key(ulong feature) => (uint)(feature >> 24);

    /// <summary>Writes learnt weights: a scale, the number of features, then by rising key its distance from the one before, its number of classes, and class and weight of each.</summary>
    public static void Write(BinaryWriter writer, IEnumerable<(uint Key, (byte Class, float Weight)[] Entries)> learnt, float scale)
    {
        var features = learnt.Select(feature => (feature.Key, Entries: feature.Entries.Select(entry => (entry.Class, Weight: (sbyte)Math.Clamp(MathF.Round(entry.Weight / scale), -127, 127))).Where(entry => Math.Abs((int)entry.Weight) >= FewestSteps).ToArray()))
            .Where(feature => feature.Entries.Length > 0).OrderBy(feature => feature.Key).ToArray();
        writer.Write(scale);
        writer.Write(features.Length);
        var last = 0u;
        foreach (var (key, _) in features)
        {
            writer.Write7BitEncodedInt64(key - last);
            last = key;
        }

        foreach (var (_, entries) in features)
        {
            writer.Write((byte)entries.Length);
        }

        foreach (var (_, entries) in features)
        {
            writer.Write([.. entries.Select(entry => entry.Class)]);
        }

        foreach (var (_, entries) in features)
        {
            writer.Write([.. entries.Select(entry => (byte)entry.Weight)]);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static FeatureWeights Read(BinaryReader reader, int classes)
    {
        var scale = reader.ReadSingle();
        var count = reader.ReadInt32();
        if (!(scale is > 0 and < 1) || count is < 0 or > MaxFeatures)
        {
            throw new InvalidDataException($"{count} features in steps of {scale}");
        }

        var keys = new uint[count];
        for (var (i, last) = (0, 0UL); i < count; i++)
        {
            last += (ulong)reader.Read7BitEncodedInt64();
            keys[i] = last <= uint.MaxValue ? (uint)last : throw new InvalidDataException("keys that do not fit");
        }

        var counts = Bytes(reader, count);
        var total = counts.Sum(n => (long)n);
        if (total > MaxEntries)
        {
            throw new InvalidDataException($"{total} weights");
        }

        var (names, weights) = (Bytes(reader, (int)total), Bytes(reader, (int)total));
        var entries = new ushort[total];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = names[i] < classes ? (ushort)((names[i] << 8) | weights[i]) : throw new InvalidDataException($"class {names[i]} of {classes}");
        }

        return new FeatureWeights(Slots(keys, counts), entries, scale);
    }

    private static Slot[] Slots(uint[] keys, byte[] counts)
    {
        var slots = new Slot[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(keys.Length + 1) * 2)];
        for (var (i, start) = (0, 0); i < keys.Length; start += counts[i++])
        {
            var at = (int)(keys[i] & (uint)(slots.Length - 1));
            while (slots[at].Count != 0)
            {
                at = (at + 1) & (slots.Length - 1);
            }

            slots[at] = new Slot(keys[i], start, counts[i]);
        }

        return slots;
    }

    private static byte[] Bytes(BinaryReader reader, int count)
    {
        var bytes = reader.ReadBytes(count);
        return bytes.Length == count ? bytes : throw new EndOfStreamException();
    }

    // Count 0: free.
    private readonly record struct Slot(uint Key, int Start, int Count);
}
