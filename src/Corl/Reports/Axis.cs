using System.Globalization;

namespace Corl.Reports;

/// <summary>A linear axis with round ticks.</summary>
internal sealed record Axis(double Low, double High, double Step)
{
    /// <summary>The axis from <paramref name="low"/> to <paramref name="high"/>, with about <paramref name="ticks"/> ticks at 1, 2 or 5 times a power of ten.</summary>
    /// <param name="low">The smallest value shown.</param>
    /// <param name="high">The largest value shown.</param>
    /// <param name="ticks">How many ticks to aim at.</param>
    public static Axis For(double low, double high, int ticks)
    {
        if (high - low <= 1e-9 * Math.Max(Math.Abs(high), 1e-9)) // a constant: show it in the middle of something
        {
            var half = low == 0 ? 0.5 : Math.Abs(low) / 2;
            (low, high) = (low - half, high + half);
        }

        var rough = (high - low) / ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        return new Axis(low, high, step);
    }

    public IEnumerable<double> Ticks()
    {
        for (var i = (long)Math.Ceiling((Low / Step) - 1e-9); i * Step <= High + (1e-9 * Step); i++)
        {
            yield return i * Step;
        }
    }

    /// <summary>A tick's number with as many digits as the step needs.</summary>
    public string Label(double tick)
    {
        if (Math.Abs(tick) < Step / 2)
        {
            return "0";
        }

        var digits = Math.Max(0, -(int)Math.Floor(Math.Log10(Step) + 1e-9));
        const double Large = 1e5, Small = 1e-4; // beyond, powers of ten are easier to read
        return Math.Abs(tick) >= Large || Step < Small
            ? tick.ToString("0.##e0", CultureInfo.InvariantCulture)
            : tick.ToString($"F{digits}", CultureInfo.InvariantCulture).Replace('-', '−');
    }

    public double Share(double value) => (value - Low) / (High - Low);
}
