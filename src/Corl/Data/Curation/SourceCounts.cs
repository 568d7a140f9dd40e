namespace Corl.Data.Curation;

/// <summary>What became of a source's items.</summary>
internal sealed class SourceCounts
{
    private const int Named = 20; // bad items that are named; all are counted
    private readonly OrderedDictionary<string, int> _reasons = [];
    private readonly List<BadRow> _bad = [];

    /// <summary>Items in the files.</summary>
    public int Read { get; set; }

    /// <summary>Problems that the adapter made of them.</summary>
    public int Problems { get; set; }

    /// <summary>Rows in the set.</summary>
    public int Taken { get; set; }

    /// <summary>Problems that were not looked at, because the set was full.</summary>
    public int Left { get; set; }

    /// <summary>Items that are damaged.</summary>
    public int BadCount { get; private set; }

    /// <summary>The first of them, by name.</summary>
    public IReadOnlyList<BadRow> Bad => _bad;

    /// <summary>Why well-formed items were not taken, and how many.</summary>
    public IReadOnlyDictionary<string, int> Reasons => _reasons;

    public void Drop(string reason) => _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;

    public void AddBad(string where, UserException error)
    {
        BadCount++;
        if (_bad.Count < Named)
        {
            _bad.Add(new BadRow(where, error.Message.StartsWith(where + ": ", StringComparison.Ordinal) ? error.Message[(where.Length + 2)..] : error.Message));
        }
    }
}
