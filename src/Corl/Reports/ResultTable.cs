using System.Globalization;
using System.Text;

namespace Corl.Reports;

/// <summary>A table of measured numbers: a row per quantity, a column per stage, and the change from the first column to the last.</summary>
/// <param name="Columns">The stages' names.</param>
/// <param name="Rows">The rows.</param>
public sealed record ResultTable(IReadOnlyList<string> Columns, IReadOnlyList<ResultRow> Rows)
{
    /// <summary>Digits after the decimal point.</summary>
    public int Digits { get; init; } = 3;

    /// <summary>Whether the last column shows the change from the first.</summary>
    public bool ShowsChange { get; init; } = true;

    /// <summary>The table as GitHub's Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        string[] head = ["", .. Columns, .. ShowsChange ? (string[])["change"] : []];
        text.AppendJoin(" | ", head).Append('\n').AppendJoin(" | ", head.Select((_, i) => i == 0 ? "---" : "---:")).Append('\n');
        foreach (var row in Rows)
        {
            string[] cells = [row.Name.Replace("|", "\\|", StringComparison.Ordinal), .. row.Values.Select(Show), .. ShowsChange ? (string[])[Change(row) is { } change ? Signed(change.Difference) : ""] : []];
            text.AppendJoin(" | ", cells).Append('\n');
        }

        return text.ToString();
    }

    internal string Number(double value) => double.IsFinite(value) ? value.ToString($"F{Digits}", CultureInfo.InvariantCulture) : "–";

    internal string Signed(double value) => (value >= 0 ? "+" : "−") + Number(Math.Abs(value));

    /// <summary>
    /// Last minus first, and whether it is more than twice its standard error (about one chance in twenty without a true change); null where
    /// one of the two is missing.
    /// </summary>
    internal static (double Difference, bool IsClear)? Change(ResultRow row)
    {
        if (row.Values.Count < 2 || row.Values[0] is not { } first || row.Values[^1] is not { } last || !double.IsFinite(last.Mean - first.Mean))
        {
            return null;
        }

        var error = Math.Sqrt(Math.Pow(first.StandardError ?? 0, 2) + Math.Pow(last.StandardError ?? 0, 2));
        return (last.Mean - first.Mean, error > 0 && Math.Abs(last.Mean - first.Mean) > 2 * error);
    }

    private string Show(Measure? value) => value is not { } measure ? "" : measure.StandardError is { } error ? $"{Number(measure.Mean)} ± {Number(error)}" : Number(measure.Mean);
}
