namespace Corl.Data;

/// <summary>The row blocks used last, up to a number of bytes: a small data set stays in memory whole, a large one costs no more than this.</summary>
/// <param name="maxBytes">The bytes to stay below; one block is always kept.</param>
internal sealed class RowBlockCache(long maxBytes)
{
    private readonly Dictionary<(ISampleSource, int), LinkedListNode<(ISampleSource Source, int Index, RowBlock Block)>> _blocks = [];
    private readonly LinkedList<(ISampleSource Source, int Index, RowBlock Block)> _order = new(); // last used first
    private long _bytes;

    /// <summary>Bytes kept at most.</summary>
    public long MaxBytes { get; } = maxBytes;

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
        while (_bytes > MaxBytes && _order.Count > 1)
        {
            var last = _order.Last!;
            _order.RemoveLast();
            _blocks.Remove((last.Value.Source, last.Value.Index));
            _bytes -= last.Value.Block.Bytes;
        }

        return block;
    }
}
