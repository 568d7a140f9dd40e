using System.Globalization;
using Corl.Reports;
using Corl.Rewards;

namespace Corl.Cli;

/// <summary>The scores of all rows of a file, by reward, in the file's order.</summary>
internal sealed class ScoreTable
{
    private const string Sum = "reward"; // the weighted sum of a row, by TRL's name
    private readonly List<string> _names = [];
    private readonly SortedDictionary<int, Dictionary<string, float?>> _scores = [];
    private readonly Dictionary<int, Dictionary<string, string?>> _notes = [];
    private readonly Dictionary<string, int> _failed = [];

    /// <summary>Rows taken so far, with or without a score.</summary>
    public int Count { get; set; }

    /// <summary>Takes the scores of the rows of one call.</summary>
    /// <param name="rows">[N] the rows' numbers in the file.</param>
    /// <param name="table">Their scores.</param>
    public void Add(int[] rows, RewardTable table)
    {
        KeyValuePair<string, float?[]>[] columns = [.. table.Named(), new(Sum, table.Total)];
        _names.AddRange(columns.Select(column => column.Key).Except(_names).ToArray());
        for (var i = 0; i < rows.Length; i++)
        {
            _scores[rows[i]] = columns.ToDictionary(column => column.Key, column => column.Value[i]);
            _notes[rows[i]] = table.Columns.SelectMany(column => column.Notes.Select(note => (Name: $"{column.Name}/{note.Key}", Text: note.Value[i]))).ToDictionary(note => note.Name, note => note.Text);
        }

        foreach (var column in table.Columns)
        {
            _failed[column.Name] = _failed.GetValueOrDefault(column.Name) + column.Failed;
        }
    }

    /// <summary>A table for people: a line for each reward and each of its parts.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{"",-20}{"mean",10}{"std",10}{"min",10}{"max",10}{"rows",10}{"failed",10}";
        foreach (var name in _names)
        {
            double[] values = [.. _scores.Values.Select(row => row.GetValueOrDefault(name)).OfType<float>().Select(value => (double)value)];
            var numbers = values.Length == 0
                ? $"{"-",10}{"-",10}{"-",10}{"-",10}"
                : string.Create(CultureInfo.InvariantCulture, $"{values.Average(),10:F4}{Deviation(values),10:F4}{values.Min(),10:F4}{values.Max(),10:F4}");
            yield return string.Create(CultureInfo.InvariantCulture, $"{name,-20}{numbers}{values.Length,10}{(_failed.TryGetValue(name, out var failed) ? failed : ""),10}");
        }
    }

    /// <summary>One object per row for programs.</summary>
    public IEnumerable<Dictionary<string, float?>> Documents() => _scores.Values;

    /// <summary>Writes a Parquet table: row, one column for each reward and part, and what rewards noted, such as captions.</summary>
    public void Write(string path)
    {
        string[] notes = [.. _notes.Values.SelectMany(row => row.Keys).Distinct()];
        List<TableColumn> columns =
        [
            new IntegerColumn("row", [.. _scores.Keys.Select(row => (long)row)]),
            .. _names.Select(name => new NumberColumn(name, [.. _scores.Values.Select(row => (double?)row.GetValueOrDefault(name))])),
            .. notes.Select(name => new TextColumn(name, [.. _scores.Keys.Select(row => _notes[row].GetValueOrDefault(name))])),
        ];
        using var bytes = new MemoryStream();
        using (var table = new ParquetTable(bytes, columns))
        {
            table.WriteRows(columns);
            table.Finish();
        }

        AtomicFile.Write(path, stream => bytes.WriteTo(stream));
    }

    // n − 1; 0 for a single value.
    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1));
    }
}
