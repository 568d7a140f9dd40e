using System.Globalization;
using System.Numerics;

namespace Corl.Text.Mathematics;

/// <summary>An exact fraction in lowest terms, the denominator positive.</summary>
internal readonly record struct Rational
{
    /// <summary>Numbers beyond this many bits are not computed: 1,200 decimal digits.</summary>
    public const int MaxBits = 4096;

    private Rational(BigInteger above, BigInteger below) => (Above, Below) = (above, below);

    public BigInteger Above { get; }

    public BigInteger Below { get; }

    public bool IsInteger => Below.IsOne;

    public int Sign => Above.Sign;

    public double Approximately
    {
        get
        {
            const int Exact = 1000; // bits that a double's exponent holds
            return Math.Max(Above.GetBitLength(), Below.GetBitLength()) < Exact
                ? (double)Above / (double)Below
                : Above.Sign * Math.Exp(BigInteger.Log(BigInteger.Abs(Above)) - BigInteger.Log(Below));
        }
    }

    public static Rational Of(BigInteger whole) => new(whole, BigInteger.One);

    /// <summary>The fraction; null when the denominator is 0 or the number too large.</summary>
    public static Rational? Of(BigInteger above, BigInteger below)
    {
        if (below.IsZero || Math.Max(above.GetBitLength(), below.GetBitLength()) > MaxBits)
        {
            return null;
        }

        var common = BigInteger.GreatestCommonDivisor(above, below) * below.Sign;
        return new Rational(above / common, below / common);
    }

    /// <summary>Digits with at most one point.</summary>
    public static Rational? Parse(string digits)
    {
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var places = point < 0 ? 0 : digits.Length - point - 1;
        const int MaxDigits = 1200; // of MaxBits
        return digits.Length <= MaxDigits && BigInteger.TryParse(digits.Replace(".", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            ? Of(all, BigInteger.Pow(10, places))
            : null;
    }

    public static Rational? Add(Rational a, Rational b) => Of((a.Above * b.Below) + (b.Above * a.Below), a.Below * b.Below);

    public static Rational? Multiply(Rational a, Rational b) => Of(a.Above * b.Above, a.Below * b.Below);

    public static Rational? Divide(Rational a, Rational b) => Of(a.Above * b.Below, a.Below * b.Above);

    public static Rational? Power(Rational x, int exponent)
    {
        if (exponent == 0)
        {
            return x.Sign == 0 ? null : Of(1);
        }

        var size = Math.Max(x.Above.GetBitLength(), x.Below.GetBitLength());
        if (Math.Abs((long)exponent) * size > 2 * MaxBits)
        {
            return null;
        }

        var (above, below) = (BigInteger.Pow(x.Above, Math.Abs(exponent)), BigInteger.Pow(x.Below, Math.Abs(exponent)));
        return exponent > 0 ? Of(above, below) : Of(below, above);
    }

    public Rational Negated() => new(-Above, Below);

    public int CompareTo(Rational other) => (Above * other.Below).CompareTo(other.Above * Below);

    public BigInteger Floor()
    {
        var whole = BigInteger.DivRem(Above, Below, out var rest);
        return rest.Sign < 0 ? whole - 1 : whole;
    }

    /// <summary>Times 10^<paramref name="places"/>, rounded half to even.</summary>
    public BigInteger Rounded(int places)
    {
        var scaled = Above * BigInteger.Pow(10, places);
        var floor = BigInteger.DivRem(scaled, Below, out var rest);
        if (rest.Sign < 0)
        {
            (floor, rest) = (floor - 1, rest + Below);
        }

        var half = (2 * rest).CompareTo(Below);
        return half > 0 || (half == 0 && !floor.IsEven) ? floor + 1 : floor;
    }

    /// <summary>A finite double, exactly.</summary>
    public static Rational? OfDouble(double value)
    {
        const int Scale = 60; // bits behind the point: beyond the precision of what is compared
        return Math.Abs(value) < 1e15 ? Of(new BigInteger(Math.ScaleB(value, Scale)), BigInteger.One << Scale) : null;
    }
}
