using System.Buffers;

namespace Corl.Tokenizers;

/// <summary>Byte-pair encoding: the vocabulary's merges, applied to the bytes of one piece in the order of their ranks.</summary>
internal sealed class BytePairMerges
{
    private readonly Dictionary<long, Merge> _merges;
    private readonly int[] _idOfByte; // −1 where the vocabulary lacks the byte

    private BytePairMerges(Dictionary<long, Merge> merges, int[] idOfByte)
    {
        _merges = merges;
        _idOfByte = idOfByte;
    }

    private readonly record struct Merge(int Rank, int Id);

    /// <summary>Looks up every merge in the vocabulary.</summary>
    /// <param name="vocabulary">Token → id.</param>
    /// <param name="merges">model.merges of a tokenizer.json: "left right" or ["left", "right"], the first rank first.</param>
    public static BytePairMerges Load(Dictionary<string, int> vocabulary, JsonAt merges)
    {
        var byPair = new Dictionary<long, Merge>(merges.Count());
        var rank = 0;
        foreach (var item in merges.Items())
        {
            var (left, right) = Sides(item);
            byPair[Pair(IdOf(left), IdOf(right))] = new Merge(rank++, IdOf(left + right)); // a repeated pair has its last rank, as in the reference

            int IdOf(string token) => vocabulary.TryGetValue(token, out var id) ? id : throw item.Error($"'{token}' is not in the vocabulary");
        }

        var idOfByte = Enumerable.Range(0, 256).Select(b => vocabulary.GetValueOrDefault(ByteAlphabet.CharacterOf((byte)b).ToString(), -1)).ToArray();
        return new BytePairMerges(byPair, idOfByte);
    }

    /// <summary>Token ids of one piece; bytes that the vocabulary lacks are dropped, as in the reference.</summary>
    public int[] Encode(ReadOnlySpan<byte> bytes)
    {
        var buffer = ArrayPool<int>.Shared.Rent(3 * bytes.Length);
        try
        {
            var ids = buffer.AsSpan(0, bytes.Length);
            var count = 0;
            foreach (var value in bytes)
            {
                if (_idOfByte[value] >= 0)
                {
                    ids[count++] = _idOfByte[value];
                }
            }

            return Apply(ids[..count], buffer.AsSpan(bytes.Length, count), buffer.AsSpan(2 * bytes.Length, count));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer);
        }
    }

    // A linked list of symbols and a queue of the merges that were possible when they were seen: n log n for any text.
    private int[] Apply(Span<int> ids, Span<int> previous, Span<int> next)
    {
        const int Gone = -1;
        var queue = new PriorityQueue<int, long>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1 < ids.Length ? i + 1 : Gone);
            Consider(i, ids, next, queue);
        }

        var left = ids.Length;
        while (queue.TryDequeue(out var at, out var priority))
        {
            var other = next[at];
            if (ids[at] == Gone || other == Gone || !_merges.TryGetValue(Pair(ids[at], ids[other]), out var merge) || merge.Rank != (int)(priority >> 32))
            {
                continue; // one of the two has merged otherwise since
            }

            (ids[at], ids[other], next[at]) = (merge.Id, Gone, next[other]);
            if (next[at] != Gone)
            {
                previous[next[at]] = at;
            }

            left--;
            Consider(at, ids, next, queue);
            if (previous[at] >= 0)
            {
                Consider(previous[at], ids, next, queue);
            }
        }

        var result = new int[left];
        for (int i = 0, at = 0; i < left; i++, at = next[at])
        {
            result[i] = ids[at];
        }

        return result;
    }

    // Lowest rank first, of equal ranks the leftmost.
    private void Consider(int at, Span<int> ids, Span<int> next, PriorityQueue<int, long> queue)
    {
        if (next[at] >= 0 && _merges.TryGetValue(Pair(ids[at], ids[next[at]]), out var merge))
        {
            queue.Enqueue(at, ((long)merge.Rank << 32) | (uint)at);
        }
    }

    private static long Pair(int left, int right) => ((long)left << 32) | (uint)right;

    private static (string Left, string Right) Sides(JsonAt merge)
    {
        string[] sides = merge.Kind == System.Text.Json.JsonValueKind.String ? merge.Text().Split(' ') : [.. merge.Items().Select(side => side.Text())];
        return sides.Length == 2 ? (sides[0], sides[1]) : throw merge.Error($"expected a merge of two tokens, got {sides.Length}");
    }
}
