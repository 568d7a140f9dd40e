using System.Collections.Frozen;

namespace Corl.Tokenizers;

/// <summary>
/// GPT-2's alphabet of printable characters for the 256 bytes: the printable Latin-1 characters stand for themselves, the other bytes in
/// ascending order for U+0100 onwards. Tokens of byte-level vocabularies are spelt in it.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Build();
    private static readonly FrozenDictionary<char, byte> Bytes = Characters.Select((character, value) => (character, value)).ToFrozenDictionary(x => x.character, x => (byte)x.value);

    public static char CharacterOf(byte value) => Characters[value];

    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = Characters[bytes[i]];
        }

        return new string(text);
    }

    /// <summary>Appends the bytes a token stands for; those of its own UTF-8 when it is not spelt in the alphabet.</summary>
    public static void AppendBytes(string token, List<byte> bytes)
    {
        var start = bytes.Count;
        foreach (var character in token)
        {
            if (!Bytes.TryGetValue(character, out var value))
            {
                bytes.RemoveRange(start, bytes.Count - start);
                bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(token));
                return;
            }

            bytes.Add(value);
        }
    }

    private static char[] Build()
    {
        var next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(b => (char)(b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? b : next++))];
    }
}
