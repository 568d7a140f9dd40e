using System.Buffers;
using System.Text.Json;

namespace Corl.Tokenizers;

/// <summary>Byte-pair encoding: the vocabulary's merges, applied to the bytes of one piece in the order of their ranks.</summary>
internal sealed class BytePairMerges
{
    private readonly MergeTable _merges;
    private readonly int[] _idOfByte, _idOfLastByte; // −1 where the vocabulary lacks the byte

    private BytePairMerges(MergeTable merges, Dictionary<string, int> vocabulary, string wordEnd)
    {
        _merges = merges;
        _idOfByte = IdsOfBytes("");
        _idOfLastByte = wordEnd.Length == 0 ? _idOfByte : IdsOfBytes(wordEnd);

        int[] IdsOfBytes(string end) => [.. Enumerable.Range(0, 256).Select(b => vocabulary.GetValueOrDefault(ByteAlphabet.CharacterOf((byte)b) + end, -1))];
    }

    /// <summary>Looks up every merge in the vocabulary.</summary>
    /// <param name="vocabulary">Token → id.</param>
    /// <param name="merges">model.merges of a tokenizer.json: "left right" or ["left", "right"], the first rank first.</param>
    /// <param name="wordEnd">What the last byte of a piece is spelt with, as CLIP's "&lt;/w&gt;"; empty in most vocabularies.</param>
    public static BytePairMerges Load(Dictionary<string, int> vocabulary, JsonAt merges, string wordEnd = "")
    {
        var table = new MergeTable(merges.Count());
        var idOf = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var rank = 0;
        foreach (var item in merges.Items())
        {
            var both = Joined(item, out var left);
            // A repeated pair has its last rank, as in the reference.
            table[Id(both.AsSpan(0, left), item), Id(both.AsSpan(left), item)] = new Merge(rank++, Id(both, item));
        }

        int Id(ReadOnlySpan<char> token, JsonAt item) => idOf.TryGetValue(token, out var id) ? id : throw item.Error($"'{token}' is not in the vocabulary");

        return new BytePairMerges(table, vocabulary, wordEnd);
    }

    /// <summary>Token ids of one piece; bytes that the vocabulary lacks are dropped, as in the reference.</summary>
    public int[] Encode(ReadOnlySpan<byte> bytes)
    {
        var buffer = ArrayPool<int>.Shared.Rent(3 * bytes.Length);
        try
        {
            var ids = buffer.AsSpan(0, bytes.Length);
            var count = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                var id = (i + 1 < bytes.Length ? _idOfByte : _idOfLastByte)[bytes[i]];
                if (id >= 0)
                {
                    ids[count++] = id;
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
            if (ids[at] == Gone || other == Gone || !_merges.TryGet(ids[at], ids[other], out var merge) || merge.Rank != (int)(priority >> 32))
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
        if (next[at] >= 0 && _merges.TryGet(ids[at], ids[next[at]], out var merge))
        {
            queue.Enqueue(at, ((long)merge.Rank << 32) | (uint)at);
        }
    }

    // Both sides as one text, which is the token they become, and where the right one begins.
    private static string Joined(JsonAt merge, out int left)
    {
        if (merge.Kind == JsonValueKind.String)
        {
            var text = merge.Text();
            left = text.IndexOf(' ', StringComparison.Ordinal);
            return left >= 0 && text.LastIndexOf(' ') == left ? text.Remove(left, 1) : throw merge.Error($"expected two tokens and a space between them, got '{text}'");
        }

        string[] sides = [.. merge.Items().Select(side => side.Text())];
        left = sides.Length == 2 ? sides[0].Length : throw merge.Error($"expected two tokens, got {sides.Length}");
        return sides[0] + sides[1];
    }
}
