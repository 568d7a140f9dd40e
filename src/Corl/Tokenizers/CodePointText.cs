using System.Text;

namespace Corl.Tokenizers;

/// <summary>One code point and the range of code points in the caller's text that it comes from.</summary>
internal readonly record struct AlignedRune(int Value, int Start, int End);

/// <summary>
/// Text that can be cut between code points: as UTF-16, as one unit per code point for the patterns, and with the place of every code point
/// in the caller's text. Lone surrogates become U+FFFD on the way in, as in any conversion to UTF-8.
/// </summary>
internal sealed class CodePointText
{
    private readonly string _text;
    private readonly int[]? _utf16;            // unit → index into _text; null when they are the same
    private readonly AlignedRune[]? _origins;  // unit → origin; null when the text is the caller's

    private CodePointText(string text, string units, int[]? utf16, AlignedRune[]? origins)
    {
        _text = text;
        Units = units;
        _utf16 = utf16;
        _origins = origins;
    }

    /// <summary>One unit per code point: itself up to U+FFFF, its class above.</summary>
    public string Units { get; }

    /// <summary>The caller's text.</summary>
    public static CodePointText Of(string text, AstralClasses classes)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return new CodePointText(text, text, null, null);
        }

        return Of(text.EnumerateRunes().Select(rune => rune.Value), classes, null);
    }

    /// <summary>Text made from the caller's by normalisation.</summary>
    public static CodePointText Of(AlignedRune[] runes, AstralClasses classes) => Of(runes.Select(rune => rune.Value), classes, runes);

    public ReadOnlySpan<char> Utf16(int start, int end) => _utf16 is null ? _text.AsSpan(start, end - start) : _text.AsSpan(_utf16[start], _utf16[end] - _utf16[start]);

    /// <summary>Where the code point at this unit comes from, in code points of the caller's text.</summary>
    public (int Start, int End) OriginOf(int unit) => _origins is null ? (unit, unit + 1) : (_origins[unit].Start, _origins[unit].End);

    public int CodePointAt(int unit) => _utf16 is null ? _text[unit] : char.ConvertToUtf32(_text, _utf16[unit]);

    public AlignedRune RuneAt(int unit)
    {
        var (start, end) = OriginOf(unit);
        return new AlignedRune(CodePointAt(unit), start, end);
    }

    private static CodePointText Of(IEnumerable<int> runes, AstralClasses classes, AlignedRune[]? origins)
    {
        var (text, units, utf16) = (new StringBuilder(), new StringBuilder(), new List<int>());
        foreach (var rune in runes)
        {
            utf16.Add(text.Length);
            if (rune <= char.MaxValue)
            {
                text.Append((char)rune);
                units.Append((char)rune);
            }
            else
            {
                text.Append(char.ConvertFromUtf32(rune));
                units.Append(classes.UnitOf(rune));
            }
        }

        utf16.Add(text.Length);
        return new CodePointText(text.ToString(), units.ToString(), [.. utf16], origins);
    }
}

/// <summary>A part of a text, in units; with an id when it is an added token, which nothing divides any more.</summary>
internal readonly record struct Piece(CodePointText Text, int Start, int End, int Id = Piece.NoToken)
{
    public const int NoToken = -1;

    public int Length => End - Start;
}
