namespace Corl.Text.Learnt;

/// <summary>The features of one decision, each a 64-bit hash of its template and its parts, so that no vocabulary is kept.</summary>
internal ref struct Features(Span<ulong> buffer)
{
    private const ulong Odd = 0x9E3779B97F4A7C15;
    private readonly Span<ulong> _buffer = buffer;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The features.</summary>
    public readonly ReadOnlySpan<ulong> Values => _buffer[..Count];

    public void Add(int template, ulong a) => _buffer[Count++] = Mix(Mix((ulong)template * Odd, a), 0);

    public void Add(int template, ulong a, ulong b) => _buffer[Count++] = Mix(Mix(Mix((ulong)template * Odd, a), b), 0);

    public void Add(int template, ulong a, ulong b, ulong c) => _buffer[Count++] = Mix(Mix(Mix(Mix((ulong)template * Odd, a), b), c), 0);

    public void Add(int template, ulong a, ulong b, ulong c, ulong d) => _buffer[Count++] = Mix(Mix(Mix(Mix(Mix((ulong)template * Odd, a), b), c), d), 0);

    /// <summary>A text as a part of features; the same on every machine.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = (ulong)text.Length;
        foreach (var letter in text)
        {
            hash = Mix(hash, letter);
        }

        return hash;
    }

    // One round of a multiply-and-shift hash.
    private static ulong Mix(ulong hash, ulong part)
    {
        hash = (hash ^ part) * Odd;
        return hash ^ (hash >> 29);
    }
}
