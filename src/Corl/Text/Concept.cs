namespace Corl.Text;

/// <summary>What a node, an attribute or a relation stands for: the words that name it and the ids of their WordNet synsets.</summary>
internal sealed class Concept
{
    private readonly List<string> _words;
    private int[] _ids; // ascending

    /// <summary>The concept of one word.</summary>
    /// <param name="word">The word or phrase in lower case.</param>
    /// <param name="ids">Its synset ids, ascending and distinct.</param>
    public Concept(string word, int[] ids) => (_words, _ids) = ([word], ids);

    /// <summary>The words in the order they came, joined by a slash: "couch/sofa".</summary>
    public override string ToString() => _words.Count == 1 ? _words[0] : string.Join('/', _words);

    /// <summary>Whether this is one of the words.</summary>
    public bool Has(string word) => _words.Contains(word);

    /// <summary>Whether both have the same words and the same ids.</summary>
    public bool IsSame(Concept other) =>
        _words.Count == other._words.Count && _words.TrueForAll(other._words.Contains) && _ids.AsSpan().SequenceEqual(other._ids);

    /// <summary>Whether they share a word or an id.</summary>
    public bool IsSimilar(Concept other) => SharesWord(other) || CountShared(other) > 0;

    /// <summary>1 when they share a word, else the ids shared over the ids of both; [0, 1].</summary>
    public double Overlap(Concept other)
    {
        if (SharesWord(other))
        {
            return 1;
        }

        var shared = CountShared(other);
        return shared == 0 ? 0 : (double)shared / (_ids.Length + other._ids.Length - shared);
    }

    /// <summary>Takes the other's words and ids in.</summary>
    public void Absorb(Concept other)
    {
        foreach (var word in other._words)
        {
            if (!_words.Contains(word))
            {
                _words.Add(word);
            }
        }

        if (CountShared(other) < other._ids.Length)
        {
            _ids = [.. _ids.Union(other._ids).Order()];
        }
    }

    private bool SharesWord(Concept other)
    {
        foreach (var word in _words)
        {
            if (other._words.Contains(word))
            {
                return true;
            }
        }

        return false;
    }

    private int CountShared(Concept other)
    {
        var (i, j, shared) = (0, 0, 0);
        while (i < _ids.Length && j < other._ids.Length)
        {
            var (a, b) = (_ids[i], other._ids[j]);
            shared += a == b ? 1 : 0;
            i += a <= b ? 1 : 0;
            j += b <= a ? 1 : 0;
        }

        return shared;
    }
}
