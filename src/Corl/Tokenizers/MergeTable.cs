namespace Corl.Tokenizers;

/// <summary>What two neighbouring tokens become, and how early.</summary>
/// <param name="Rank">Its place in the list of merges; the lowest goes first.</param>
/// <param name="Id">The token the two become.</param>
internal readonly record struct Merge(int Rank, int Id);

/// <summary>
/// (left, right) → merge by open addressing: one cache line a look-up, where a Dictionary of this size takes two or three. Look-ups are
/// what encoding costs.
/// </summary>
internal sealed class MergeTable
{
    private const long Free = -1; // no pair: ids are not negative

    // Multiplicative hashing (Dietzfelbinger et al., 1997). The factor is drawn anew in every process, so that no file can be made to collide.
    private static readonly ulong Factor = (ulong)Random.Shared.NextInt64() | 1;

    private readonly (long Pair, Merge Merge)[] _slots;
    private readonly int _shift;

    /// <param name="count">The most pairs that will be set; at most half of the slots are then taken.</param>
    public MergeTable(int count)
    {
        var bits = Math.Max(2, 1 + (int)Math.Ceiling(Math.Log2(Math.Max(count, 1))));
        _slots = new (long, Merge)[1 << bits];
        _shift = 64 - bits;
        Array.Fill(_slots, (Free, default));
    }

    public Merge this[int left, int right]
    {
        set => _slots[SlotOf(Pair(left, right))] = (Pair(left, right), value);
    }

    public bool TryGet(int left, int right, out Merge merge)
    {
        var pair = Pair(left, right);
        (var found, merge) = _slots[SlotOf(pair)];
        return found == pair;
    }

    // The slot of the pair, or the free one where it would be.
    private int SlotOf(long pair)
    {
        var slot = (int)(((ulong)pair * Factor) >> _shift);
        while (_slots[slot].Pair != pair && _slots[slot].Pair != Free)
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        return slot;
    }

    private static long Pair(int left, int right) => ((long)left << 32) | (uint)right;
}
