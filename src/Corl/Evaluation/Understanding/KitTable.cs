namespace Corl.Evaluation.Understanding;

/// <summary>A table with named columns, typed as pandas types them.</summary>
internal sealed class KitTable
{
    private readonly Dictionary<string, Cell[]> _columns;

    /// <summary>Makes a table.</summary>
    /// <param name="columns">Columns in order; all of the same length.</param>
    public KitTable(IReadOnlyList<(string Name, Cell[] Cells)> columns)
    {
        Names = [.. columns.Select(column => column.Name)];
        _columns = columns.ToDictionary(column => column.Name, column => column.Cells, StringComparer.Ordinal);
        Count = columns.Count == 0 ? 0 : columns[0].Cells.Length;
    }

    /// <summary>The columns' names, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How many rows.</summary>
    public int Count { get; }

    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>A cell; missing where the table has no such column.</summary>
    public Cell this[int row, string column] => _columns.TryGetValue(column, out var cells) ? cells[row] : Cell.Missing;

    /// <summary>Some rows, typed anew: what is written to a file and read again loses the types that other rows gave it.</summary>
    public KitTable Rows(IReadOnlyList<int> rows) =>
        new([.. Names.Select(name => (name, Cell.Typed([.. rows.Select(row => _columns[name][row])])))]);

    /// <summary>This table with one more column, or another one in place of that name.</summary>
    public KitTable With(string name, Cell[] cells) =>
        new([.. Names.Where(other => other != name).Select(other => (other, _columns[other])), (name, cells)]);
}
