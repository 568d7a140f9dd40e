using Corl.Distributed;

namespace Corl.Rewards;

/// <summary>Every reward of a batch, one column each, and their weighted sum.</summary>
public sealed class RewardTable
{
    private readonly RewardColumn[] _columns;

    internal RewardTable(int count, RewardColumn[] columns)
    {
        Count = count;
        _columns = columns;
        Total = Sum(_ => true);
    }

    /// <summary>Chosen rows of several tables of the same rewards as one table; what failed elsewhere in them counts too.</summary>
    internal static RewardTable Join(IReadOnlyList<(RewardTable From, int Row)> rows)
    {
        RewardTable[] tables = [.. rows.Select(r => r.From).Distinct()];
        T[] Pick<T>(Func<RewardTable, T[]?> of) => [.. rows.Select(r => of(r.From) is { } values ? values[r.Row] : default!)];
        return new RewardTable(rows.Count, [.. tables[0]._columns.Select((column, k) => new RewardColumn(column.Name, column.Judges, column.Weight, Pick(t => t._columns[k].Values))
        {
            Parts = tables.SelectMany(t => t._columns[k].Parts.Keys).Distinct().ToDictionary(name => name, name => Pick(t => t._columns[k].Parts.GetValueOrDefault(name))),
            Notes = tables.SelectMany(t => t._columns[k].Notes.Keys).Distinct().ToDictionary(name => name, name => Pick(t => t._columns[k].Notes.GetValueOrDefault(name))),
            Failed = tables.Sum(t => t._columns[k].Failed),
        })]);
    }

    /// <summary>N: rows.</summary>
    public int Count { get; }

    /// <summary>The rewards in the order of the sum.</summary>
    public IReadOnlyList<RewardColumn> Columns => _columns;

    /// <summary>[N] Σ w_k · R_k over the rewards that apply to a row; null where none does (the row then moves no weight).</summary>
    public float?[] Total { get; }

    /// <summary>[N] the same sum over the rewards of one modality only, for one advantage per modality.</summary>
    public float?[] TotalOf(Modality modality) => Sum(column => column.Judges == modality);

    /// <summary>Every column and every part by its log name ("cycle", "cycle/lpips", …), each [N], not weighted.</summary>
    public IEnumerable<KeyValuePair<string, float?[]>> Named()
    {
        foreach (var column in _columns)
        {
            yield return new(column.Name, column.Values);
            foreach (var (part, values) in column.Parts)
            {
                yield return new($"{column.Name}/{part}", values);
            }
        }
    }

    /// <summary>The rows of all processes in one table, in the order of the processes.</summary>
    internal RewardTable Gather(IProcessGroup processes)
    {
        if (processes.Size == 1)
        {
            return this;
        }

        RewardTable[] tables = [.. processes.GatherAs(_columns).Select(columns => new RewardTable(columns[0].Values.Length, columns))];
        return Join([.. tables.SelectMany(table => Enumerable.Range(0, table.Count).Select(row => (table, row)))]);
    }

    private float?[] Sum(Func<RewardColumn, bool> counts)
    {
        var total = new double?[Count];
        foreach (var column in _columns.Where(column => column.Weight != 0 && counts(column)))
        {
            for (var i = 0; i < Count; i++)
            {
                if (column.Values[i] is { } value)
                {
                    total[i] = (total[i] ?? 0) + (column.Weight * value);
                }
            }
        }

        return [.. total.Select(value => (float?)value)];
    }
}
