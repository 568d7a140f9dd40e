using System.Text;
using System.Text.RegularExpressions;

namespace Corl.Text.Mathematics;

/// <summary>Brings a mathematical text to one spelling: symbols become LaTeX or ASCII, layout commands go.</summary>
internal static partial class MathText
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    // Before compatibility forms, which would turn x² into x2 and ℝ into R.
    private static readonly Dictionary<char, string> Symbols = new (char From, string To)[]
    {
        ('−', "-"), ('–', "-"), ('×', @"\times "), ('÷', @"\div "), ('·', @"\cdot "), ('⋅', @"\cdot "), ('√', @"\sqrt "), ('π', @"\pi "), ('∞', @"\infty "),
        ('≤', @"\le "), ('≥', @"\ge "), ('≠', @"\ne "), ('≈', @"\approx "), ('∪', @"\cup "), ('∈', @"\in "), ('∅', @"\emptyset "), ('ℝ', @"\mathbb{R}"), ('°', @"^\circ "),
        ('±', @"\pm "), ('‰', @"\permille "), ('∠', @"\angle "), ('：', ":"), ('。', "."), ('，', ","), ('\u200b', " "), ('\ufeff', " "), ('∖', @"\setminus "), ('⌊', @"\lfloor "), ('⌋', @"\rfloor "),
    }.ToDictionary(pair => pair.From, pair => pair.To);

    private static readonly (string From, string To)[] Commands =
    [
        (@"\left\{", @"\{"), (@"\right\}", @"\}"), (@"\left", ""), (@"\right", ""), (@"\displaystyle", ""), (@"\dfrac", @"\frac"), (@"\tfrac", @"\frac"), (@"\cfrac", @"\frac"),
        (@"\leq", @"\le"), (@"\geq", @"\ge"), (@"\neq", @"\ne"), (@"\lt", "<"), (@"\gt", ">"), (@"\colon", ":"), (@"\lbrace", @"\{"), (@"\rbrace", @"\}"), (@"\lvert", "|"), (@"\rvert", "|"), (@"\varnothing", @"\emptyset"),
        (@"{,}", ","), (@"\!", ""), (@"\,", " "), (@"\;", " "), (@"\:", " "), (@"\ ", " "), (@"\quad", " "), (@"\qquad", " "), ("~", " "), (@"\%", "%"), (@"\#", "#"), (@"\&", "&"), ("**", "^"),
    ];

    /// <summary>The text in one spelling; white space is one space.</summary>
    public static string Normalise(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (Superscripts.Contains(text[i]))
            {
                plain.Append("^{");
                for (; i < text.Length && Superscripts.Contains(text[i]); i++)
                {
                    plain.Append(Superscripts.IndexOf(text[i], StringComparison.Ordinal));
                }

                i--;
                plain.Append('}');
            }
            else
            {
                plain.Append(Symbols.TryGetValue(text[i], out var other) ? other : text[i].ToString());
            }
        }

        text = UnicodeForms.Compatibility(plain.ToString()).Replace('\u2044', '/').Replace(@"\\", @"\row ", StringComparison.Ordinal);
        text = Emphasis().Replace(text, "$1");
        foreach (var (from, to) in Commands)
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        text = Times().Replace(text, "$1*10^");
        return Space().Replace(text, " ").Trim();
    }

    /// <summary>A phrase for comparison as text: without LaTeX around it, outer punctuation, case and spaces.</summary>
    public static string Phrase(string text)
    {
        text = Wrapper().Replace(text, " ").Replace("$", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
        text = OuterSpace().Replace(text, "").ToLowerInvariant().Trim('.', ',', ';', ':', '!', '?', '*', '`', '"', '\'');
        text = text.Replace(".", "", StringComparison.Ordinal);
        return text is ['(', var letter, ')'] ? letter.ToString() : text;
    }

    // **5**, and not the power 2**3.
    [GeneratedRegex(@"\*\*([^*\n]{1,200})\*\*", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"([0-9])\s*[xX]\s*10\s*\^", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Times();

    // All but that between two digits: "1 2" is not 12.
    [GeneratedRegex(@"(?<![0-9\s])\s+|\s+(?![0-9\s])|^\s+", RegexOptions.CultureInvariant)]
    private static partial Regex OuterSpace();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Space();

    [GeneratedRegex(@"\\(?:text|mathrm|mathbf|textbf|mbox|boxed|operatorname)\s*\{|\\[()\[\]]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Wrapper();
}
