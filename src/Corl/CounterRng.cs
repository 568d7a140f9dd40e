using System.Text;

namespace Corl;

/// <summary>
/// A counter-based stream of random numbers: draw i is a pure function of (seed, stream, i), so that a sample does not depend on the
/// batch it is drawn in and a run resumes without any saved generator state. The mixing function is the finaliser of SplitMix64
/// (Steele, Lea, Flood 2014); the keying is that of the Shapes world, <c>docs/shapes.md</c> §1.
/// </summary>
public struct CounterRng
{
    private const ulong Gamma = 0x9E3779B97F4A7C15; // SplitMix64's increment, the golden ratio · 2^64
    private readonly ulong _key;
    private ulong _drawn;

    /// <summary>Stream number <paramref name="stream"/> of <paramref name="seed"/>.</summary>
    public CounterRng(ulong seed, ulong stream = 0) => _key = Mix(Mix(seed) + unchecked(stream * Gamma));

    private CounterRng(ulong key, bool _) => _key = key;

    /// <summary>
    /// The stream of a purpose and its coordinates, for example ("rollout/image", step, sample): distinct names or coordinates give
    /// independent streams.
    /// </summary>
    public static CounterRng Named(ulong seed, string name, params ReadOnlySpan<long> coordinates)
    {
        var key = Mix(seed);
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            key = Mix(key ^ (b + Gamma));
        }

        foreach (var coordinate in coordinates)
        {
            key = Mix(unchecked(key + Gamma) ^ Mix(unchecked((ulong)coordinate)));
        }

        return new CounterRng(key, true);
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong Next() => Mix(unchecked(_key + (++_drawn * Gamma)));

    /// <summary>Draw number <paramref name="index"/> (from 0) as a number in [0, 1), without moving the stream.</summary>
    public readonly double UniformAt(long index) => (Mix(unchecked(_key + (((ulong)index + 1) * Gamma))) >> 11) * Ulp;

    /// <summary>A whole number in [0, <paramref name="n"/>).</summary>
    public int Below(int n) => (int)(((Next() >> 32) * (ulong)n) >> 32);

    /// <summary>A number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Uniform(double low = 0, double high = 1) => low + ((high - low) * ((Next() >> 11) * Ulp));

    /// <summary>A standard normal number (Box–Muller; two draws).</summary>
    public double Normal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        return radius * Math.Cos(2 * Math.PI * Uniform());
    }

    /// <summary>One of <paramref name="items"/>.</summary>
    public T Choice<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary><paramref name="count"/> different items in random order (partial Fisher–Yates; one draw per item taken).</summary>
    public T[] Sample<T>(IEnumerable<T> items, int count)
    {
        T[] pool = [.. items];
        for (var i = 0; i < count; i++)
        {
            var j = i + Below(pool.Length - i);
            (pool[i], pool[j]) = (pool[j], pool[i]);
        }

        return pool[..count];
    }

    private const double Ulp = 1.0 / (1UL << 53);

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
