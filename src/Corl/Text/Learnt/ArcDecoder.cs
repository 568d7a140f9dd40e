namespace Corl.Text.Learnt;

/// <summary>The best tree of a sentence without crossing arcs and with one root, given how well each word governs each other.</summary>
internal static class ArcDecoder
{
    /// <summary>Finds the tree.</summary>
    /// <param name="scores">[n, n + 1] by dependent and governor; governor 0 is the place above the sentence.</param>
    /// <param name="heads">[n] the governors' places, words from 1.</param>
    public static void Decode(ReadOnlySpan<float> scores, Span<int> heads)
    {
        var n = heads.Length;
        for (var word = 0; word < n; word++)
        {
            var row = scores.Slice(word * (n + 1), n + 1);
            var best = 0;
            for (var head = 1; head <= n; head++)
            {
                best = row[head] > row[best] && head != word + 1 ? head : best;
            }

            heads[word] = best;
        }

        // Where each word's own choice makes such a tree, no other can be better.
        if (!IsTree(heads))
        {
            Eisner(scores, heads);
        }
    }

    private static bool IsTree(ReadOnlySpan<int> heads)
    {
        if (heads.Count(0) != 1)
        {
            return false;
        }

        for (var word = 1; word <= heads.Length; word++)
        {
            var (low, high) = (Math.Min(word, heads[word - 1]), Math.Max(word, heads[word - 1]));
            for (var inner = low + 1; inner < high; inner++)
            {
                if (heads[inner - 1] < low || heads[inner - 1] > high)
                {
                    return false;
                }
            }

            var steps = 0;
            for (var at = word; at > 0; at = heads[at - 1])
            {
                if (steps++ > heads.Length)
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Eisner (1996): spans of words from i to j; complete ones hold all dependents of their head on that side, open ones are an arc between
    // their ends. Left: the head is j; right: the head is i.
    private static void Eisner(ReadOnlySpan<float> scores, Span<int> heads)
    {
        var n = heads.Length;
        var (left, right, openLeft, openRight) = (new float[n * n], new float[n * n], new float[n * n], new float[n * n]);
        var (splitLeft, splitRight, splitOpen) = (new short[n * n], new short[n * n], new short[n * n]);
        for (var length = 1; length < n; length++)
        {
            for (var i = 0; i + length < n; i++)
            {
                var (j, at) = (i + length, (i * n) + i + length);
                var best = 0f;
                for (var k = i; k < j; k++)
                {
                    var score = right[(i * n) + k] + left[((k + 1) * n) + j];
                    (best, splitOpen[at]) = k == i || score > best ? (score, (short)k) : (best, splitOpen[at]);
                }

                openLeft[at] = best + scores[(i * (n + 1)) + j + 1];
                openRight[at] = best + scores[(j * (n + 1)) + i + 1];
                for (var k = i; k < j; k++)
                {
                    var score = left[(i * n) + k] + openLeft[(k * n) + j];
                    (left[at], splitLeft[at]) = k == i || score > left[at] ? (score, (short)k) : (left[at], splitLeft[at]);
                    score = openRight[(i * n) + k + 1] + right[((k + 1) * n) + j];
                    (right[at], splitRight[at]) = k == i || score > right[at] ? (score, (short)(k + 1)) : (right[at], splitRight[at]);
                }
            }
        }

        var root = 0;
        float Tree(ReadOnlySpan<float> scores, int word) => scores[word * (n + 1)] + left[word] + right[(word * n) + n - 1];
        for (var word = 1; word < n; word++)
        {
            root = Tree(scores, word) > Tree(scores, root) ? word : root;
        }

        heads[root] = 0;
        var spans = new Stack<(int I, int J, bool IsLeft, bool IsOpen)>([(0, root, true, false), (root, n - 1, false, false)]);
        while (spans.TryPop(out var span))
        {
            var (i, j, isLeft, isOpen) = span;
            var at = (i * n) + j;
            if (i == j)
            {
                continue;
            }

            if (isOpen)
            {
                heads[isLeft ? i : j] = (isLeft ? j : i) + 1;
                spans.Push((i, splitOpen[at], false, false));
                spans.Push((splitOpen[at] + 1, j, true, false));
            }
            else if (isLeft)
            {
                spans.Push((i, splitLeft[at], true, false));
                spans.Push((splitLeft[at], j, true, true));
            }
            else
            {
                spans.Push((i, splitRight[at], false, true));
                spans.Push((splitRight[at], j, false, false));
            }
        }
    }
}
