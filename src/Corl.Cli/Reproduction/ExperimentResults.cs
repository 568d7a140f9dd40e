using Corl.Reports;

namespace Corl.Cli.Reproduction;

/// <summary>An experiment with its numbers.</summary>
/// <param name="Experiment">What was done.</param>
/// <param name="Columns">What was measured.</param>
/// <param name="Cells">[row][column] the numbers of every seed, in percent; empty where the row has none.</param>
internal sealed record ExperimentResults(Experiment Experiment, IReadOnlyList<ResultColumn> Columns, IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> Cells)
{
    /// <summary>The mean over seeds with its standard error; of a single seed the error of its sample. Null where the row has no number.</summary>
    public Measure? Of(int row, int column)
    {
        var values = Cells[row][column];
        if (values.Count == 0)
        {
            return null;
        }

        var mean = values.Average();
        return new Measure(mean, values.Count > 1 ? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count)
            : Columns[column].Trials is { } trials ? Math.Sqrt(mean * (100 - mean) / trials) : null);
    }

    /// <summary>What becomes of a claim of the paper here.</summary>
    public ClaimOutcome Check(Claim claim)
    {
        var (row, than) = (RowOf(claim.Row), RowOf(claim.Than));
        List<ClaimDifference> differences = [];
        for (var column = 0; column < Columns.Count; column++)
        {
            if ((claim.Role is null || claim.Role == Columns[column].Role) && Of(row, column) is { } a && Of(than, column) is { } b)
            {
                differences.Add(new ClaimDifference(Columns[column].Name, a.Mean - b.Mean, Math.Sqrt(Math.Pow(a.StandardError ?? 0, 2) + Math.Pow(b.StandardError ?? 0, 2))));
            }
        }

        return new ClaimOutcome(claim, differences);
    }

    private int RowOf(string name) => Experiment.Rows.Select(row => row.Name).ToList().IndexOf(name);
}

/// <summary>A column with numbers.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="StandsFor">The paper's column in whose place it stands, or the same name for the benchmark itself.</param>
/// <param name="Role">Which model of a row was measured.</param>
/// <param name="Trials">Of how many images or answers a number is the share; null where that is not said.</param>
internal sealed record ResultColumn(string Name, string StandsFor, ColumnRole Role, int? Trials);

/// <summary>How far two rows are apart in a column, in percentage points, with the standard error.</summary>
internal sealed record ClaimDifference(string Column, double Points, double Error);

/// <summary>A claim with the differences that speak for or against it.</summary>
internal sealed record ClaimOutcome(Claim Claim, IReadOnlyList<ClaimDifference> Differences)
{
    private const double Clear = 2; // standard errors: about one chance in twenty without a true difference

    /// <summary>"holds", "does not hold", "unclear" or "not measured"; a claim about several columns holds only if none speaks against it.</summary>
    public string Verdict
    {
        get
        {
            var (isAbove, isBelow) = (Differences.Any(d => d.Points > Clear * d.Error), Differences.Any(d => d.Points < -Clear * d.Error));
            return Differences.Count == 0 ? "not measured"
                : Claim.IsEqual ? (isAbove || isBelow ? "does not hold" : "holds")
                : isBelow ? "does not hold"
                : isAbove ? "holds" : "unclear";
        }
    }
}
