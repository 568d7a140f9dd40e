namespace Corl.Models;

/// <summary>The beams of one image: K running captions, and the best K finished ones.</summary>
internal sealed class BeamSet
{
    private const float Unused = -1e9f; // at the start all beams are the same caption: only the first may give candidates
    private readonly int _beams, _stop, _prompt;
    private readonly List<(List<int> Ids, double Score)> _finished = [];
    private List<int>[] _running;

    /// <summary>K equal beams that hold the prompt.</summary>
    public BeamSet(IReadOnlyList<int> prompt, int beams, int stop)
    {
        (_beams, _stop, _prompt) = (beams, stop, prompt.Count);
        _running = [.. Enumerable.Range(0, beams).Select(_ => prompt.ToList())];
        Scores = [0, .. Enumerable.Repeat(Unused, beams - 1)];
    }

    /// <summary>[K] summed log-probabilities of the running beams.</summary>
    public float[] Scores { get; private set; }

    /// <summary>[K] the token that each running beam ends with.</summary>
    public IEnumerable<long> LastIds => _running.Select(ids => (long)ids[^1]);

    /// <summary>Whether no running beam can still win.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes the best 2·K continuations, best first, and chooses the next beams.</summary>
    /// <param name="scores">Summed log-probabilities.</param>
    /// <param name="places">beam · V + token.</param>
    /// <param name="vocabulary">V.</param>
    /// <returns>[K] the beam that each next beam continues.</returns>
    public int[] Advance(ReadOnlySpan<float> scores, ReadOnlySpan<long> places, int vocabulary)
    {
        if (IsDone)
        {
            return [.. Enumerable.Range(0, _beams)]; // carried along unchanged until all images are done
        }

        var (order, next, sums) = (new List<int>(), new List<List<int>>(), new List<float>());
        for (var rank = 0; rank < scores.Length && next.Count < _beams; rank++)
        {
            var (beam, token) = ((int)(places[rank] / vocabulary), (int)(places[rank] % vocabulary));
            List<int> ids = [.. _running[beam], token];
            if (token != _stop)
            {
                order.Add(beam);
                next.Add(ids);
                sums.Add(scores[rank]);
            }
            else if (rank < _beams)
            {
                Finish(ids, scores[rank]);
            }
        }

        (_running, Scores) = ([.. next], [.. sums]);
        IsDone = _finished.Count == _beams && _finished.Min(caption => caption.Score) >= scores[0] / NewTokens(_running[0]);
        return [.. order];
    }

    /// <summary>The best caption and its mean log-probability per new token.</summary>
    public (List<int> Ids, double Score) Best()
    {
        if (!IsDone)
        {
            for (var beam = 0; beam < _beams; beam++)
            {
                Finish(_running[beam], Scores[beam]);
            }
        }

        return _finished.MaxBy(caption => caption.Score);
    }

    private int NewTokens(List<int> ids) => ids.Count - _prompt;

    private void Finish(List<int> ids, float sum)
    {
        _finished.Add((ids, (double)sum / NewTokens(ids)));
        if (_finished.Count > _beams)
        {
            _finished.Remove(_finished.MinBy(caption => caption.Score));
        }
    }
}
