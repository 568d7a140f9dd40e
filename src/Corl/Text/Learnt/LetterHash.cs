namespace Corl.Text.Learnt;

/// <summary>Hashes of texts that are the same on every machine and in every run.</summary>
internal static class LetterHash
{
    private const ulong Odd = 0x9E3779B97F4A7C15; // the golden ratio · 2^64

    /// <summary>The hash of a text.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = (ulong)text.Length;
        foreach (var letter in text)
        {
            hash = Mix(hash, letter);
        }

        return hash;
    }

    /// <summary>The hash of a text among those of one kind.</summary>
    public static ulong Of(ReadOnlySpan<char> text, ulong kind) => Mix(Of(text), kind);

    // One round of a multiply-and-shift hash.
    private static ulong Mix(ulong hash, ulong part)
    {
        hash = (hash ^ part) * Odd;
        return hash ^ (hash >> 29);
    }
}
