namespace Corl.Reports;

/// <summary>A measured number.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="StandardError">Its standard error; null where it is not known.</param>
public readonly record struct Measure(double Mean, double? StandardError = null)
{
    /// <summary>A share of successes with its standard error √(p(1 − p)/n).</summary>
    public static Measure Share(int successes, int trials)
    {
        var share = trials == 0 ? double.NaN : (double)successes / trials;
        return new Measure(share, Math.Sqrt(share * (1 - share) / trials));
    }
}
