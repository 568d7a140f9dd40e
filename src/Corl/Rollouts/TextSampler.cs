using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>Answers that the policy wrote.</summary>
/// <param name="Ids">[N] tokens up to and including the end token, or the longest allowed; row b·G + g.</param>
/// <param name="Logps">[N] the log-probability of each of them.</param>
internal sealed record TextRollout(IReadOnlyList<int[]> Ids, IReadOnlyList<float[]> Logps);

/// <summary>Writes answers token by token; rows that have ended are dropped from the batch.</summary>
internal static class TextSampler
{
    private const int LookEvery = 4; // tokens between two looks at which rows have ended: each look waits for the device

    /// <summary>Draws G answers to each question. The question and its image are read once per group.</summary>
    /// <param name="model">The policy.</param>
    /// <param name="questions">[B] questions as ids, image placeholders in place.</param>
    /// <param name="images">[M, I, D] embeddings of the images in the order of the placeholders; null when no row has one.</param>
    /// <param name="tokens">Special ids: end, padding, placeholder.</param>
    /// <param name="groupSize">G.</param>
    /// <param name="config">Temperature, top-k, greedy, longest answer.</param>
    /// <param name="draws">The random numbers of the N = B·G samples.</param>
    public static TextRollout Sample(JanusPro model, IReadOnlyList<int[]> questions, Tensor? images, SpecialIds tokens, int groupSize, SamplingConfig config, Draws draws)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (rows, length) = (questions.Count * groupSize, config.MaxNewTokens);
        var uniforms = tensor(draws.Uniforms(rows, length), [rows, length], device: model.Device);
        var written = new Written(rows, length);
        var (ids, real) = Padding.Left(questions, tokens.Pad, model.Device);
        var embeds = model.EmbedText(ids);
        if (images is not null)
        {
            embeds = JanusPro.PlaceImages(embeds, ids.eq(tokens.Placeholder), images);
        }

        using var read = model.NewCache(ids.shape[0], ids.shape[1], padded: real is not null);
        var hidden = model.Hidden(embeds, real, read).select(1, -1);
        var repeat = arange(ids.shape[0], ScalarType.Int64, model.Device).repeat_interleave(groupSize);
        using var cache = read.Select(repeat, extra: length);
        hidden = hidden.index_select(0, repeat); // [N, D]
        for (var t = 0; t < length && written.Open.Length > 0; t += LookEvery)
        {
            var count = Math.Min(LookEvery, length - t);
            hidden = WriteSome(model, cache, hidden, uniforms, written, t, count, config);
            hidden = DropEnded(model, cache, hidden, written, tokens.Eos);
        }

        return written.Result(tokens.Eos);
    }

    // Writes `count` tokens to every open row and returns the state after the last, [open, D].
    private static Tensor WriteSome(JanusPro model, KvCache cache, Tensor hidden, Tensor uniforms, Written written, int from, int count, SamplingConfig config)
    {
        using var scope = NewDisposeScope();
        scope.Attach(hidden);
        var open = tensor(written.Open, device: model.Device);
        var numbers = uniforms.index_select(0, open); // [open, length]
        var (ids, logps) = (new List<Tensor>(), new List<Tensor>());
        for (var t = from; t < from + count; t++)
        {
            using var step = NewDisposeScope();
            step.Attach(hidden);
            var logits = model.TextLogits(hidden);
            var token = Sampler.Draw(logits, numbers.select(1, t), config);
            logps.Add(Sampler.Logp(logits, token, config.Temperature).MoveToOuterDisposeScope());
            hidden = model.Hidden(model.EmbedText(token.unsqueeze(1)), null, cache).select(1, 0).MoveToOuterDisposeScope();
            ids.Add(token.MoveToOuterDisposeScope());
        }

        written.Add(from, stack(ids, 1), stack(logps, 1));
        return hidden.MoveToOuterDisposeScope();
    }

    private static Tensor DropEnded(JanusPro model, KvCache cache, Tensor hidden, Written written, int eos)
    {
        var kept = written.Close(eos);
        if (kept.Length == cache.Rows || kept.Length == 0)
        {
            return hidden;
        }

        using var scope = NewDisposeScope();
        scope.Attach(hidden);
        var index = tensor(kept, device: model.Device);
        cache.Keep(index);
        return hidden.index_select(0, index).MoveToOuterDisposeScope();
    }

    /// <summary>What has been written so far, on the host.</summary>
    private sealed class Written(int rows, int length)
    {
        private readonly int[] _ids = new int[rows * length];
        private readonly float[] _logps = new float[rows * length];
        private readonly int[] _counts = new int[rows];

        /// <summary>Rows that have not ended, by their number in the batch.</summary>
        public long[] Open { get; private set; } = [.. Enumerable.Range(0, rows).Select(i => (long)i)];

        /// <summary>Takes the tokens and log-probabilities of the open rows, [open, count] each.</summary>
        public void Add(int from, Tensor ids, Tensor logps)
        {
            var (count, newIds, newLogps) = ((int)ids.shape[1], ids.cpu().data<long>().ToArray(), logps.cpu().data<float>().ToArray());
            for (var k = 0; k < Open.Length; k++)
            {
                for (var t = 0; t < count; t++)
                {
                    var at = ((int)Open[k] * length) + from + t;
                    (_ids[at], _logps[at]) = ((int)newIds[(k * count) + t], newLogps[(k * count) + t]);
                }

                _counts[Open[k]] = from + count;
            }
        }

        /// <summary>Closes the rows that hold an end token; returns the places, among the open rows, of those that stay.</summary>
        public long[] Close(int eos)
        {
            long[] kept = [.. Enumerable.Range(0, Open.Length).Where(k => !Row(_ids, Open[k]).Contains(eos)).Select(k => (long)k)];
            Open = [.. kept.Select(k => Open[k])];
            return kept;
        }

        public TextRollout Result(int eos)
        {
            var lengths = Enumerable.Range(0, rows).Select(i => Row(_ids, i).IndexOf(eos) is >= 0 and var at ? at + 1 : _counts[i]).ToArray();
            return new TextRollout(
                [.. lengths.Select((n, i) => Row(_ids, i)[..n].ToArray())],
                [.. lengths.Select((n, i) => _logps.AsSpan(i * length, n).ToArray())]);
        }

        private Span<int> Row(int[] values, long row) => values.AsSpan((int)row * length, _counts[row]);
    }
}
