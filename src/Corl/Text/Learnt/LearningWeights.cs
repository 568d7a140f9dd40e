namespace Corl.Text.Learnt;

/// <summary>
/// Weights of an averaged perceptron (Collins 2002) while they are learnt. A feature exists once an update has touched it; its classes lie
/// side by side, because what costs time is waiting for memory. Sums for the average are kept lazily: a weight's sum is brought up to date
/// when the weight changes.
/// </summary>
internal sealed class LearningWeights : IFeatureWeights
{
    private const int FirstRoom = 2; // classes that a new feature has room for
    private Slot[] _slots = new Slot[1 << 16]; // by the bits of a feature's key; a power of two, at most half full
    private (int Class, float Weight)[] _weights = new (int, float)[1 << 16];
    private (double Sum, int Since)[] _sums = new (double, int)[1 << 16]; // of the weight of the same index
    private int _features, _used;

    /// <summary>Decisions or sentences seen: what the average is over.</summary>
    public int Now { get; set; }

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<ulong> features, Span<float> scores)
    {
        Span<int> at = stackalloc int[features.Length];
        for (var i = 0; i < at.Length; i++)
        {
            at[i] = (int)(features[i] >> 24) & (_slots.Length - 1);
            Prefetch.Of(ref _slots[at[i]]);
        }

        for (var i = 0; i < at.Length; i++)
        {
            at[i] = Find(features[i]);
            Prefetch.Of(ref _weights[_slots[at[i]].Start]);
        }

        foreach (var slot in at)
        {
            foreach (var (chosen, weight) in _weights.AsSpan(_slots[slot].Start, _slots[slot].Count))
            {
                scores[chosen] += weight;
            }
        }
    }

    /// <summary>Adds <paramref name="amount"/> to the weight of a class for every feature.</summary>
    public void Update(ReadOnlySpan<ulong> features, int chosen, float amount)
    {
        foreach (var feature in features)
        {
            ref var slot = ref Slotted(feature);
            slot.Updates = (ushort)Math.Min(slot.Updates + 1, ushort.MaxValue);
            var at = slot.Start;
            while (at < slot.Start + slot.Count && _weights[at].Class != chosen)
            {
                at++;
            }

            if (at == slot.Start + slot.Count)
            {
                at = Add(ref slot, chosen);
            }

            ref var sum = ref _sums[at];
            sum = (sum.Sum + ((double)_weights[at].Weight * (Now - sum.Since)), Now);
            _weights[at].Weight += amount;
        }
    }

    /// <summary>The average weights of all features that at least so many updates have touched.</summary>
    public IEnumerable<(uint Key, (byte Class, float Weight)[] Entries)> Averages(int fewestUpdates)
    {
        var seen = new HashSet<uint>();
        foreach (var slot in _slots)
        {
            if (slot.Key != 0 && slot.Updates >= fewestUpdates && seen.Add(FeatureWeights.Key(slot.Key)))
            {
                yield return (FeatureWeights.Key(slot.Key), [.. Enumerable.Range(slot.Start, slot.Count).Select(at => ((byte)_weights[at].Class,
                    (float)((_sums[at].Sum + ((double)_weights[at].Weight * (Now - _sums[at].Since))) / Math.Max(1, Now))))]);
            }
        }
    }

    /// <summary>A step of the weights as they ship: nearly all of them fit 127 steps, the few larger ones are cut.</summary>
    public float Scale()
    {
        const double Fitting = 0.9995;
        float[] sizes = [.. Averages(1).SelectMany(feature => feature.Entries).Select(entry => Math.Abs(entry.Weight)).Order()];
        return sizes.Length == 0 ? 0.01f : Math.Clamp(sizes[(int)(Fitting * (sizes.Length - 1))] / sbyte.MaxValue, 1e-6f, 0.99f);
    }

    private int Add(ref Slot slot, int chosen)
    {
        if (slot.Count == slot.Room)
        {
            var room = Math.Max(FirstRoom, 2 * slot.Room);
            if (_used + room > _weights.Length)
            {
                Array.Resize(ref _weights, 2 * _weights.Length);
                Array.Resize(ref _sums, 2 * _sums.Length);
            }

            Array.Copy(_weights, slot.Start, _weights, _used, slot.Count);
            Array.Copy(_sums, slot.Start, _sums, _used, slot.Count);
            (slot.Start, slot.Room) = (_used, (byte)room);
            _used += room;
        }

        var at = slot.Start + slot.Count++;
        (_weights[at], _sums[at]) = ((chosen, 0), (0, Now));
        return at;
    }

    private ref Slot Slotted(ulong feature)
    {
        var at = Find(feature);
        if (_slots[at].Key == 0)
        {
            if (++_features * 2 > _slots.Length)
            {
                Grow();
                at = Find(feature);
            }

            _slots[at].Key = feature;
        }

        return ref _slots[at];
    }

    // Where a feature is, or where it would be.
    private int Find(ulong feature)
    {
        var mask = _slots.Length - 1;
        var at = (int)(feature >> 24) & mask;
        while (_slots[at].Key != 0 && _slots[at].Key != feature)
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    private void Grow()
    {
        var slots = _slots;
        _slots = new Slot[2 * slots.Length];
        foreach (var slot in slots)
        {
            if (slot.Key != 0)
            {
                _slots[Find(slot.Key)] = slot;
            }
        }
    }

    // Key 0: free. Room 128 is enough for every class of the grammar.
    private struct Slot
    {
        public ulong Key;
        public int Start;
        public byte Count, Room;
        public ushort Updates;
    }
}
