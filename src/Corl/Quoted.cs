using System.Globalization;
using System.Text;

namespace Corl;

/// <summary>Text from a file of unknown origin, made fit for one line of an error message.</summary>
internal static class Quoted
{
    // Ours: long enough for every real key, short enough for a terminal.
    private const int MaxLength = 120;

    /// <summary>The text between quotation marks, control characters escaped, the end cut off when long.</summary>
    public static string Name(string text) => $"'{Line(text.Length > MaxLength ? text[..MaxLength] + "…" : text)}'";

    /// <summary>The text with control characters, line separators and lone surrogates escaped.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var isVisible = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                && rune != Rune.ReplacementChar;
            line.Append(isVisible ? rune.ToString() : $"\\u{rune.Value:x4}");
        }

        return line.ToString();
    }
}
