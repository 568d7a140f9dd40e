namespace Corl.Data.Curation;

/// <summary>What a set is made of: the numbers of its report.</summary>
internal sealed class CurationCounts
{
    private const int Bins = 10;
    private const int Kept = 12; // sample rows for the report

    /// <summary>What became of each source's items, by its name.</summary>
    public OrderedDictionary<string, SourceCounts> Sources { get; } = [];

    /// <summary>Rows in the set.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows that the judge could not answer as known, left out after they had been taken.</summary>
    public int NotRewritten { get; set; }

    /// <summary>The smallest coverage that was kept; null without prompts.</summary>
    public double? Threshold { get; set; }

    /// <summary>Candidates by the coverage of their best caption: [0, 0.1), …, [0.9, 1].</summary>
    public int[] Candidates { get; } = new int[Bins];

    /// <summary>Rows of the set, in the same way.</summary>
    public int[] Coverage { get; } = new int[Bins];

    /// <summary>Multiple-choice rows by right letter.</summary>
    public int[] Letters { get; } = new int[OptionOrder.Letters.Length];

    /// <summary>Rows by answer, the option's text for a letter, in lower case.</summary>
    public Dictionary<string, int> Answers { get; } = [];

    /// <summary>Rows by pass rate, in tenths as the coverage.</summary>
    public int[] PassRates { get; } = new int[Bins];

    /// <summary>The first rows.</summary>
    public List<CuratedRow> Samples { get; } = [];

    private double _coverage;

    /// <summary>Mean coverage of the rows; null without prompts.</summary>
    public double? MeanCoverage => Rows == 0 || Threshold is null ? null : _coverage / Rows;

    public int MultipleChoice => Letters.Sum();

    public static void Count(int[] bins, double share) => bins[Math.Clamp((int)(share * Bins), 0, Bins - 1)]++;

    /// <summary>Counts a row that is written.</summary>
    public void Add(CuratedRow row)
    {
        Rows++;
        if (row.Coverage is { } coverage)
        {
            _coverage += coverage;
            Count(Coverage, coverage);
        }

        if (row.PassRate is { } rate)
        {
            Count(PassRates, rate);
        }

        if (Samples.Count < Kept)
        {
            Samples.Add(row);
        }
    }
}
