using System.Text;
using System.Text.RegularExpressions;
using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>Whether an answer says yes or no, by the kit's rules, which take over those of VQA.</summary>
internal static partial class YesNo
{
    public const string Yes = "Yes", No = "No", Unknown = "Unknown";

    private const string Punctuation = ";/[]\"{}()=+\\_-><@`,?!"; // colon, star and apostrophe are not among them

    private const int MostPeriods = 32; // the kit passes the number of a flag where the number of replacements belongs

    /// <summary>"Yes", "No" or "Unknown".</summary>
    public static string Extract(string answer)
    {
        var words = PythonText.Words(WithoutPunctuation(PythonText.Lower(answer)));
        return (words.Contains("yes", StringComparer.Ordinal), words.Contains("no", StringComparer.Ordinal)) switch
        {
            (true, false) => Yes,
            (false, true) => No,
            _ => Unknown,
        };
    }

    /// <summary>
    /// A mark is deleted where, anywhere in the text, it stands beside a space, or where a comma stands between digits; otherwise it becomes
    /// a space. Then periods away from digits are deleted.
    /// </summary>
    public static string WithoutPunctuation(string text)
    {
        var hasNumber = DigitCommaDigit().IsMatch(text);
        var result = new StringBuilder(text);
        foreach (var mark in Punctuation)
        {
            var isBesideSpace = text.Contains($"{mark} ", StringComparison.Ordinal) || text.Contains($" {mark}", StringComparison.Ordinal);
            result.Replace($"{mark}", isBesideSpace || hasNumber ? "" : " ");
        }

        return LonePeriod().Replace(result.ToString(), "", MostPeriods);
    }

    [GeneratedRegex(@"\d,\d")]
    private static partial Regex DigitCommaDigit();

    [GeneratedRegex(@"(?<!\d)\.(?!\d)")]
    private static partial Regex LonePeriod();
}
