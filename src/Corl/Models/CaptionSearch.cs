using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>How captions are written.</summary>
public sealed record CaptionOptions
{
    /// <summary>Words that every caption begins with, for example "a picture of".</summary>
    public string Prompt { get; init; } = "";

    /// <summary>Most tokens after the prompt, the end included; 50 in the CoRL reward.</summary>
    public int MaxNewTokens { get; init; } = 50;

    /// <summary>Fewest tokens of a caption, start and prompt included, before it may end.</summary>
    public int MinLength { get; init; }

    /// <summary>Beams of the search; 1 is greedy.</summary>
    public int Beams { get; init; } = 1;
}

/// <summary>Greedy and beam search over a <see cref="BlipTextDecoder"/>.</summary>
/// <param name="decoder">Gives the next words.</param>
/// <param name="config">Its special ids and its positions.</param>
internal sealed class CaptionSearch(BlipTextDecoder decoder, BlipConfig config)
{
    private const float Never = float.NegativeInfinity;

    /// <summary>The likeliest next token at every step.</summary>
    /// <param name="image">[N, T, D'].</param>
    /// <param name="prompt">The start and the words that every caption begins with.</param>
    /// <param name="options">Lengths.</param>
    /// <returns>One list per image: the prompt, the caption and, if it came to an end, the stop id.</returns>
    public List<int>[] Greedy(Tensor image, IReadOnlyList<int> prompt, CaptionOptions options)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        List<int>[] captions = [.. Enumerable.Range(0, (int)image.shape[0]).Select(_ => prompt.ToList())];
        var rows = Enumerable.Range(0, captions.Length).ToArray(); // the captions that the rows of the cache belong to
        var cache = decoder.Read(image, Limit(prompt, options));
        var input = Repeated(prompt, rows.Length, image.device);
        for (var length = prompt.Count; length < Limit(prompt, options); length++)
        {
            using var step = NewDisposeScope();
            step.Attach(input);
            var next = Allowed(decoder.Next(input, cache), length, options).argmax(-1).cpu().data<long>().ToArray();
            for (var i = 0; i < rows.Length; i++)
            {
                if (captions[rows[i]][^1] != config.Stop || length == prompt.Count)
                {
                    captions[rows[i]].Add((int)next[i]);
                }
            }

            int[] open = [.. Enumerable.Range(0, rows.Length).Where(i => captions[rows[i]][^1] != config.Stop)];
            if (open.Length == 0)
            {
                break;
            }

            // Dropping finished rows copies the cache: worth it once a quarter of them has finished.
            if (open.Length <= rows.Length * 3 / 4)
            {
                var kept = cache.Select(Index(open, image.device));
                cache.Dispose();
                cache = kept;
                (rows, next) = ([.. open.Select(i => rows[i])], [.. open.Select(i => next[i])]);
            }

            input = tensor(next, device: image.device).view(-1, 1).MoveToOuterDisposeScope();
        }

        cache.Dispose();
        return captions;
    }

    /// <summary>
    /// Beam search with a length penalty of 1, as transformers runs it: 2·K candidates per step, finished ones are scored by their mean
    /// log-probability per new token, and an image is done when no running beam can beat the worst of its K finished captions.
    /// </summary>
    /// <returns>The best caption of each image and its score.</returns>
    /// <inheritdoc cref="Greedy"/>
    public (List<int> Ids, double Score)[] Beam(Tensor image, IReadOnlyList<int> prompt, CaptionOptions options)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (beams, device) = (options.Beams, image.device);
        BeamSet[] sets = [.. Enumerable.Range(0, (int)image.shape[0]).Select(_ => new BeamSet(prompt, beams, config.Stop))];
        var cache = decoder.Read(image.repeat_interleave(beams, 0), Limit(prompt, options));
        var input = Repeated(prompt, sets.Length * beams, device);
        for (var length = prompt.Count; length < Limit(prompt, options) && sets.Any(set => !set.IsDone); length++)
        {
            using var step = NewDisposeScope();
            step.Attach(input);
            var logp = Allowed(functional.log_softmax(decoder.Next(input, cache), -1), length, options); // [N·K, V]
            var running = tensor(sets.SelectMany(set => set.Scores).ToArray(), device: device).view(-1, 1);
            var (scores, places) = (logp + running).view(sets.Length, -1).topk(2 * beams, 1);
            var (value, place) = (scores.cpu().data<float>().ToArray(), places.cpu().data<long>().ToArray());
            var order = new List<int>();
            for (var n = 0; n < sets.Length; n++)
            {
                var range = (n * 2 * beams)..((n + 1) * 2 * beams);
                order.AddRange(sets[n].Advance(value[range], place[range], config.Vocabulary).Select(beam => (n * beams) + beam));
            }

            var kept = cache.Select(Index(order, device));
            cache.Dispose();
            cache = kept;
            input = tensor(sets.SelectMany(set => set.LastIds).ToArray(), device: device).view(-1, 1).MoveToOuterDisposeScope();
        }

        cache.Dispose();
        return [.. sets.Select(set => set.Best())];
    }

    private int Limit(IReadOnlyList<int> prompt, CaptionOptions options) => Math.Min(prompt.Count + options.MaxNewTokens, config.Positions);

    private Tensor Allowed(Tensor scores, int length, CaptionOptions options) =>
        length < options.MinLength ? scores.index_fill_(1, Index([config.Stop], scores.device), Never) : scores;

    private static Tensor Index(IEnumerable<int> values, Device device) => tensor(values.Select(value => (long)value).ToArray(), device: device);

    private static Tensor Repeated(IReadOnlyList<int> prompt, long rows, Device device) => Index(prompt, device).unsqueeze(0).expand(rows, -1);
}
