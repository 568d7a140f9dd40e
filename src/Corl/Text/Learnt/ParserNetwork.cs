using System.Buffers;

namespace Corl.Text.Learnt;

/// <summary>
/// A network of the parser on plain spans; <see cref="ParserModule"/> is the same for training. Safe for any number of threads; what it says
/// of a sentence does not depend on the sentences beside it.
/// </summary>
internal sealed class ParserNetwork
{
    private const int Frequent = 2048; // words whose first products are kept: 96 of 100 words of a caption, 8 MB
    private readonly NetworkSize _size;
    private readonly WordRows _words;
    private readonly float[] _table; // [rows, width]
    private readonly float[] _frequent; // [words, gates] what the words' letters give to the first layer
    private readonly float[] _shapes; // [shapes, gates] what their way of being written adds
    private readonly float[] _root; // the place above the sentence as governor for arcs, then for relations
    private readonly PackedMatrix _firstInput;
    private readonly LstmLayer _first;
    private readonly PackedMatrix _secondInput;
    private readonly LstmLayer _second;
    private readonly PackedMatrix _tags;
    private readonly PackedMatrix _pairs; // as dependent and as governor for arcs, then for relations
    private readonly PackedMatrix _arcs;
    private readonly PackedMatrix _relations;

    /// <summary>Prepares a network.</summary>
    public ParserNetwork(ParserWeights weights, WordRows words)
    {
        (_size, _words, _table, _root) = (weights.Size, words, weights["table.weight"], weights["root"]);
        (_firstInput, _first) = (weights.LstmInput("first", _size.Width), weights.Lstm("first"));
        (_secondInput, _second) = (weights.LstmInput("second", Outputs), weights.Lstm("second"));
        (_tags, _pairs) = (weights.Linear("tags", Outputs), weights.Linear("pairs", Outputs));
        (_arcs, _relations) = (weights.Linear("arcs", _size.Pair), weights.Linear("relations", _size.Pair));
        _frequent = new float[Math.Min(Frequent, words.Words.Count) * Gates];
        for (var i = 0; i * Gates < _frequent.Length; i++)
        {
            Letters(words.Words[i], _frequent.AsSpan(i * Gates, Gates));
        }

        // Without the bias, which the letters bring.
        _shapes = new float[WordRows.Shapes * Gates];
        _firstInput.Add(_table.AsSpan(words.FirstShape * _size.Width), _size.Width, WordRows.Shapes, _shapes, Gates);
    }

    /// <summary>Columns of the tags' scores: the tags and some zeros.</summary>
    public int TagColumns => _tags.Outputs;

    /// <summary>Columns of the relations' scores: the relations and some zeros.</summary>
    public int RelationColumns => _relations.Outputs;

    private int Gates => 8 * _size.Hidden; // of a word: four in each direction for each unit

    private int Outputs => 2 * _size.Hidden;

    /// <summary>Reads sentences: adds to the scores of tags and arcs.</summary>
    /// <param name="batch">The sentences.</param>
    /// <param name="tags">[rows, <see cref="TagColumns"/>]</param>
    /// <param name="arcs">Arcs as the batch places them.</param>
    /// <returns>What <see cref="AddRelations"/> needs; a buffer from the shared pool.</returns>
    public float[] Read(SentenceBatch batch, Span<float> tags, Span<float> arcs)
    {
        var (gates, outputs) = (Rent(batch.Total * Gates), Rent(batch.Total * Outputs));
        var cells = Rent(batch.Lengths.Length * _size.Hidden);
        Enter(batch, gates);
        _first.Run(gates, batch, outputs, cells);
        _secondInput.Multiply(outputs, Outputs, batch.Total, gates, Gates);
        _second.Run(gates, batch, outputs, cells);
        _tags.AddWithBias(outputs, Outputs, batch.Total, tags, TagColumns);
        var pairs = Rent(batch.Total * _pairs.Outputs);
        _pairs.Multiply(outputs, Outputs, batch.Total, pairs, _pairs.Outputs);
        AddArcs(batch, pairs, arcs);
        Return(gates, outputs, cells);
        return pairs;
    }

    /// <summary>Adds to the scores of relations.</summary>
    /// <param name="batch">The sentences.</param>
    /// <param name="pairs">What <see cref="Read"/> gave; goes back to the pool.</param>
    /// <param name="heads">The governors' places of each sentence's words.</param>
    /// <param name="relations">[rows, <see cref="RelationColumns"/>]</param>
    public void AddRelations(SentenceBatch batch, float[] pairs, int[][] heads, Span<float> relations)
    {
        var both = Rent(batch.Total * _size.Pair);
        for (var i = 0; i < heads.Length; i++)
        {
            for (var word = 0; word < heads[i].Length; word++)
            {
                var sum = both.AsSpan(batch.Row(i, word) * _size.Pair, _size.Pair);
                Part(pairs, batch.Row(i, word), 2).CopyTo(sum);
                VectorSpans.Add(sum, heads[i][word] == 0 ? _root.AsSpan(_size.Pair) : Part(pairs, batch.Row(i, heads[i][word] - 1), 3));
                VectorSpans.Rectify(sum, ParserModule.Leak);
            }
        }

        _relations.AddWithBias(both, _size.Pair, batch.Total, relations, RelationColumns);
        Return(both, pairs);
    }

    private static float[] Rent(int count) => ArrayPool<float>.Shared.Rent(count);

    private static void Return(params ReadOnlySpan<float[]> buffers)
    {
        foreach (var buffer in buffers)
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private void Enter(SentenceBatch batch, Span<float> gates)
    {
        for (var row = 0; row < batch.Total; row++)
        {
            var gate = gates.Slice(row * Gates, Gates);
            var known = (batch.Known[row] - 1) * Gates;
            if (known >= 0 && known < _frequent.Length)
            {
                _frequent.AsSpan(known, Gates).CopyTo(gate);
            }
            else
            {
                Letters(batch.Lower[row], gate);
            }

            VectorSpans.Add(gate, _shapes.AsSpan(batch.Shapes[row] * Gates, Gates));
        }
    }

    private void Letters(string lower, Span<float> gates)
    {
        Span<int> rows = stackalloc int[WordRows.OfLetters];
        _words.Fill(lower, rows);
        Span<float> sum = stackalloc float[_size.Width];
        sum.Clear();
        foreach (var row in rows)
        {
            VectorSpans.Add(sum, _table.AsSpan(row * _size.Width, _size.Width));
        }

        _firstInput.Multiply(sum, _size.Width, 1, gates, Gates);
    }

    private void AddArcs(SentenceBatch batch, Span<float> pairs, Span<float> arcs)
    {
        for (var row = 0; row < batch.Total; row++)
        {
            VectorSpans.Rectify(pairs.Slice(row * _pairs.Outputs, 2 * _size.Pair), ParserModule.Leak);
        }

        var dependents = Rent(batch.Total * _arcs.Outputs);
        _arcs.Multiply(pairs, _pairs.Outputs, batch.Total, dependents, _arcs.Outputs);
        for (var i = 0; i < batch.Lengths.Length; i++)
        {
            var at = batch.ArcStarts[i];
            for (var word = 0; word < batch.Lengths[i]; word++)
            {
                var dependent = dependents.AsSpan(batch.Row(i, word) * _arcs.Outputs, _size.Pair);
                arcs[at++] += VectorSpans.Dot(dependent, _root.AsSpan(0, _size.Pair));
                for (var head = 0; head < batch.Lengths[i]; head++)
                {
                    arcs[at++] += VectorSpans.Dot(dependent, Part(pairs, batch.Row(i, head), 1));
                }
            }
        }

        Return(dependents);
    }

    private ReadOnlySpan<float> Part(ReadOnlySpan<float> pairs, int row, int part) => pairs.Slice((row * _pairs.Outputs) + (part * _size.Pair), _size.Pair);
}
