namespace Corl.Text.Learnt;

/// <summary>
/// Sentences that go through the networks together, the longest first, and where their words lie in the networks' matrices: first all
/// first words, then the second words of the sentences that have one, and so on.
/// </summary>
internal sealed class SentenceBatch
{
    private readonly int[] _starts; // by place in a sentence: the first row

    /// <summary>Looks the words up.</summary>
    /// <param name="sentences">Sentences that are sorted by length; none is empty.</param>
    /// <param name="words">The words that the networks know.</param>
    public SentenceBatch(ReadOnlySpan<IReadOnlyList<string>> sentences, WordRows words)
    {
        (Lengths, Counts, ArcStarts) = (new int[sentences.Length], new int[sentences[0].Count], new int[sentences.Length + 1]);
        for (var i = 0; i < sentences.Length; i++)
        {
            Lengths[i] = sentences[i].Count;
            ArcStarts[i + 1] = ArcStarts[i] + (Lengths[i] * (Lengths[i] + 1));
            foreach (ref var count in Counts.AsSpan(0, Lengths[i]))
            {
                count++;
            }
        }

        _starts = new int[Counts.Length];
        for (var word = 1; word < _starts.Length; word++)
        {
            _starts[word] = _starts[word - 1] + Counts[word - 1];
        }

        Total = _starts[^1] + Counts[^1];
        (Lower, Known, Shapes) = (new string[Total], new int[Total], new int[Total]);
        for (var i = 0; i < sentences.Length; i++)
        {
            for (var word = 0; word < Lengths[i]; word++)
            {
                var (row, form) = (Row(i, word), sentences[i][word]);
                Lower[row] = form.ToLowerInvariant();
                (Known[row], Shapes[row]) = (words.RowOf(Lower[row]), words.ShapeRow(form) - words.FirstShape);
            }
        }
    }

    /// <summary>Words of each sentence.</summary>
    public int[] Lengths { get; }

    /// <summary>Sentences that have a word at each place.</summary>
    public int[] Counts { get; }

    /// <summary>Words of all sentences: the rows.</summary>
    public int Total { get; }

    /// <summary>Where the scores of each sentence's arcs begin, [n, n + 1] by dependent and governor, and where the last ones end.</summary>
    public int[] ArcStarts { get; }

    /// <summary>[rows] the words in lower case.</summary>
    public string[] Lower { get; }

    /// <summary>[rows] their rows in the table of words, 0 for unknown ones.</summary>
    public int[] Known { get; }

    /// <summary>[rows] the ways that they are written, from 0.</summary>
    public int[] Shapes { get; }

    /// <summary>The row of a word, both from 0.</summary>
    public int Row(int sentence, int word) => _starts[word] + sentence;
}
