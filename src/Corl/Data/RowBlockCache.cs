namespace Corl.Data;

/// <summary>
/// The row blocks used last. A small data set stays in memory as it is read; of a large one a few blocks do, enough to read it in order,
/// because a shuffled pass hardly ever finds a row in any cache.
/// </summary>
/// <param name="maxBytes">The bytes to stay below; one block is always kept.</param>
/// <param name="blockBytes">About how many bytes the rows of a block should have.</param>
internal sealed class RowBlockCache(long maxBytes, long blockBytes)
{
    private const long SmallSetBytes = 1 << 26;                                  // ours: files of 64 MB in all
    private const long SmallSetCache = 1 << 28;                                  // which may unfold to 256 MB
    private const long LargeSetCache = 1 << 24, LargeSetBlock = 1 << 22;         // ours: 4 MB are about eight photographs
    private readonly Dictionary<(ISampleSource, int), LinkedListNode<(ISampleSource Source, int Index, RowBlock Block)>> _blocks = [];
    private readonly LinkedList<(ISampleSource Source, int Index, RowBlock Block)> _order = new(); // last used first
    private long _bytes;

    /// <summary>About how many bytes the rows of a block should have.</summary>
    public long BlockBytes { get; } = blockBytes;

    /// <summary>A cache for files of a size.</summary>
    public static RowBlockCache For(long fileBytes) =>
        fileBytes <= SmallSetBytes ? new RowBlockCache(SmallSetCache, SmallSetCache) : new RowBlockCache(LargeSetCache, LargeSetBlock);

    /// <summary>Block <paramref name="index"/> of a source, loaded if it is not there.</summary>
    public RowBlock Get(ISampleSource source, int index, Func<RowBlock> load)
    {
        if (_blocks.TryGetValue((source, index), out var node))
        {
            _order.Remove(node);
            _order.AddFirst(node);
            return node.Value.Block;
        }

        var block = load();
        _blocks[(source, index)] = _order.AddFirst((source, index, block));
        _bytes += block.Bytes;
        while (_bytes > maxBytes && _order.Count > 1)
        {
            var last = _order.Last!;
            _order.RemoveLast();
            _blocks.Remove((last.Value.Source, last.Value.Index));
            _bytes -= last.Value.Block.Bytes;
        }

        return block;
    }
}
