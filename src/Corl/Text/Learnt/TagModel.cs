namespace Corl.Text.Learnt;

/// <summary>Tags the words of a sentence from left to right with a linear model.</summary>
/// <param name="weights">The model.</param>
internal sealed class TagModel(IFeatureWeights weights)
{
    /// <summary>Most features of a decision.</summary>
    public const int MostFeatures = 64;

    private const int MostCandidates = 3;
    private const ulong NoTag = 255;

    /// <summary>Tags that come into question are at most this far behind the best, in weights of the model.</summary>
    public const float Margin = 25f;

    /// <summary>The best tag of each word and all that come into question, the best first.</summary>
    /// <param name="row">The sentence.</param>
    /// <param name="candidates">[n + 1] tags by place, with how far behind the best they are: 0 or less.</param>
    /// <returns>[n + 1] the best.</returns>
    public byte[] Tag(WordRow row, out (byte Tag, float Score)[][] candidates)
    {
        var best = new byte[row.Count + 1];
        candidates = new (byte, float)[row.Count + 1][];
        Span<ulong> buffer = stackalloc ulong[MostFeatures];
        Span<float> scores = stackalloc float[Grammar.Tags.Length];
        for (var i = 1; i <= row.Count; i++)
        {
            scores.Clear();
            weights.Score(Extract(row, best, i, buffer), scores);
            candidates[i] = Candidates(scores);
            best[i] = candidates[i][0].Tag;
        }

        return best;
    }

    /// <summary>The features of the decision at <paramref name="i"/>, given the tags before it.</summary>
    public static ReadOnlySpan<ulong> Extract(WordRow row, ReadOnlySpan<byte> before, int i, Span<ulong> buffer)
    {
        var f = new Features(buffer);
        ulong word = row.Word(i), last = row.Word(i - 1), next = row.Word(i + 1), next2 = row.Word(i + 2), last2 = row.Word(i - 2);
        ulong tag1 = i > 1 ? before[i - 1] : NoTag, tag2 = i > 2 ? before[i - 2] : NoTag;
        var form = row.Forms[i].AsSpan();
        var frame = row.Frame;
        f.Add(100, word);
        f.Add(101, last);
        f.Add(102, next);
        f.Add(103, last2);
        f.Add(104, next2);
        for (var length = 1; length <= 4; length++)
        {
            f.Add(104 + length, Features.Of(form[^Math.Min(length, form.Length)..]), (ulong)Math.Min(length, form.Length));
        }

        f.Add(109, Features.Of(form[..1]));
        f.Add(110, Features.Of(form[..Math.Min(3, form.Length)]));
        f.Add(111, row.Shape(i), row.Suffix(i));
        f.Add(112, last, word);
        f.Add(113, word, next);
        f.Add(114, last, next);
        f.Add(115, tag1);
        f.Add(116, tag1, tag2);
        f.Add(117, tag1, word);
        f.Add(118, tag1, tag2, word);
        f.Add(119, row.Suffix(i - 1));
        f.Add(120, row.Suffix(i + 1));
        f.Add(121, last, word, next);
        f.Add(122, word, next, next2);
        f.Add(123, last2, last, word);
        f.Add(124, tag1, word, next);
        f.Add(125, frame, word);
        f.Add(126, frame, word, (ulong)Math.Min(i, 4));
        f.Add(127, frame, row.Suffix(i), tag1);
        f.Add(128, row.Length, frame & 1, word);
        f.Add(129, tag1, next);
        f.Add(130, tag1, tag2, next);
        f.Add(131, row.Suffix(i), row.Suffix(i + 1), tag1);
        f.Add(132, row.Suffix(i), row.Suffix(i - 1), row.Suffix(i + 1));
        f.Add(133, Verb(row, before, i), word, frame & 1);
        f.Add(134, Verb(row, before, i), tag1, row.Suffix(i));
        f.Add(135, (ulong)(i == row.Count ? 1 : i == row.Count - 1 && row.EndsWithStop ? 2 : 0), word, frame & 1);
        f.Add(136, row.Length, (ulong)i, row.Suffix(i), frame);
        f.Add(137, tag1, word, next, frame);
        f.Add(138, last, word, frame);
        return f.Values;
    }

    // The last verb's tag so far, which tells whether the sentence has one.
    private static ulong Verb(WordRow row, ReadOnlySpan<byte> before, int i)
    {
        for (var at = i - 1; at > 0; at--)
        {
            if (Grammar.IsVerb(before[at]))
            {
                return before[at];
            }
        }

        return NoTag;
    }

    private static (byte, float)[] Candidates(ReadOnlySpan<float> scores)
    {
        Span<byte> chosen = stackalloc byte[MostCandidates];
        var count = 0;
        for (; count < MostCandidates; count++)
        {
            var best = -1;
            for (var tag = 0; tag < scores.Length; tag++)
            {
                if (!chosen[..count].Contains((byte)tag) && (best < 0 || scores[tag] > scores[best]))
                {
                    best = tag;
                }
            }

            if (best < 0 || (count > 0 && scores[best] < scores[chosen[0]] - Margin))
            {
                break;
            }

            chosen[count] = (byte)best;
        }

        var candidates = new (byte, float)[count];
        for (var i = 0; i < count; i++)
        {
            candidates[i] = (chosen[i], scores[chosen[i]] - scores[chosen[0]]);
        }

        return candidates;
    }
}
