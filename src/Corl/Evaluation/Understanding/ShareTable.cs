namespace Corl.Evaluation.Understanding;

/// <summary>Means of scores over groups, in the kit's order of operations.</summary>
internal static class ShareTable
{
    /// <summary>The mean, or null of nothing.</summary>
    public static double? Mean(IEnumerable<double> values)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in values)
        {
            (sum, count) = (sum + value, count + 1);
        }

        return count == 0 ? null : sum / count;
    }

    /// <summary>Different values of a column, sorted; missing ones left out.</summary>
    public static string[] Values(KitTable table, string column) =>
        [.. Enumerable.Range(0, table.Count).Select(row => table[row, column].TextOrNull).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Counts per group, as the kit's mathematical benchmarks report them: tot, prefetch (right or readable without the judge), hit, and rates
    /// in percent.
    /// </summary>
    /// <param name="groups">[rows] the groups of each row; every row is in "Overall" too.</param>
    /// <param name="prefetched">[rows] whether no judge was needed; null when this is not counted.</param>
    /// <param name="hits">[rows] whether the answer is right.</param>
    public static IReadOnlyList<ScoreRow> Counts(IReadOnlyList<IReadOnlyList<string>> groups, IReadOnlyList<bool>? prefetched, IReadOnlyList<bool> hits)
    {
        var rows = Enumerable.Range(0, groups.Count);
        var names = groups.SelectMany(group => group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return [Row("Overall", [.. rows]), .. names.Select(name => Row(name, [.. rows.SelectMany(row => groups[row].Where(group => group == name).Select(_ => row))]))];

        ScoreRow Row(string name, int[] members)
        {
            var values = new OrderedDictionary<string, double?> { ["tot"] = members.Length };
            var (fetched, hit) = (members.Count(row => prefetched?[row] ?? false), members.Count(row => hits[row]));
            if (prefetched is not null)
            {
                values["prefetch"] = fetched;
            }

            values["hit"] = hit;
            if (prefetched is not null)
            {
                values["prefetch_rate"] = members.Length == 0 ? null : (double)fetched / members.Length * 100;
            }

            values["acc"] = members.Length == 0 ? null : (double)hit / members.Length * 100;
            return new ScoreRow(name, values);
        }
    }
}
