using System.Buffers;
using System.Globalization;
using System.Text;

namespace Corl.Text;

/// <summary>The text primitives of the reference graders' language, where .NET's differ: white space, word characters, lower case.</summary>
internal static class PythonText
{
    // str.isspace(): .NET's white space and the four information separators.
    private static readonly SearchValues<char> Spaces = SearchValues.Create(
        [.. Enumerable.Range(0, 0x3001).Select(c => (char)c).Where(c => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f')]);

    public static bool IsSpace(char c) => Spaces.Contains(c);

    public static bool IsBlank(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Spaces);

    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        var start = text.IndexOfAnyExcept(Spaces);
        return start < 0 ? [] : text[start..(text.LastIndexOfAnyExcept(Spaces) + 1)];
    }

    /// <summary>Words between white space.</summary>
    public static string[] Words(string text) => Collapse(text) is { Length: > 0 } collapsed ? collapsed.Split(' ') : [];

    /// <summary>
    /// The text with every run of white space made one space and none at the ends. Patterns over it need no unbounded quantifier, which
    /// keeps matching linear.
    /// </summary>
    public static string Collapse(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!IsSpace(c))
            {
                result.Append(c);
            }
            else if (result.Length > 0 && result[^1] != ' ')
            {
                result.Append(' ');
            }
        }

        return result.Length > 0 && result[^1] == ' ' ? result.ToString(0, result.Length - 1) : result.ToString();
    }

    /// <summary>str.lower(), but for the sigma that ends a word: .NET leaves the dotted capital I as it is.</summary>
    public static string Lower(string text) => text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Whether a regular expression's \w takes this character: letters, numbers and the underscore, but no combining mark.</summary>
    public static bool IsWord(Rune rune) => rune.Value == '_' || Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter
        or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
