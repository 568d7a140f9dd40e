using System.Globalization;
using System.Text.RegularExpressions;

namespace Corl.Evaluation.Drawing;

/// <summary>A judge's grades of an image, 0 to 2 each.</summary>
/// <param name="Consistency">With the prompt's meaning.</param>
/// <param name="Realism">Of the scene.</param>
/// <param name="AestheticQuality">Of the picture.</param>
internal sealed partial record WiseRating(double Consistency, double Realism, double AestheticQuality)
{
    private const double ConsistencyWeight = 0.7, RealismWeight = 0.2, AestheticWeight = 0.1; // Niu et al. 2025, section 3
    private const double Best = 2;

    private static readonly string[] Names = ["consistency", "realism", "aesthetic_quality"];

    /// <summary>WiScore, 0 to 1.</summary>
    public double Score => ((ConsistencyWeight * Consistency) + (RealismWeight * Realism) + (AestheticWeight * AestheticQuality)) / Best;

    /// <summary>Whether every grade is one that the judge may give.</summary>
    public bool IsInRange => Consistency <= Best && Realism <= Best && AestheticQuality <= Best;

    /// <summary>The grades in a reply, or null when one of the three is missing. Any digit is a grade here.</summary>
    public static WiseRating? Read(string reply)
    {
        var grades = Grades(reply);
        return Names.All(grades.ContainsKey) ? new WiseRating(grades[Names[0]], grades[Names[1]], grades[Names[2]]) : null;
    }

    /// <summary>
    /// The grades in a reply by name, as the official script reads them: every name with a digit behind it, the last one of a name counts;
    /// where there is none, the first three lines that are nothing but 0, 1 or 2.
    /// </summary>
    public static Dictionary<string, double> Grades(string reply)
    {
        Dictionary<string, double> grades = [];
        foreach (Match match in Named().Matches(reply))
        {
            grades[match.Groups[1].Value.ToLowerInvariant().Replace(' ', '_')] = CharUnicodeInfo.GetDigitValue(match.Groups[2].Value, 0);
        }

        if (grades.Count > 0)
        {
            return grades;
        }

        string[] lines = [.. Bare().Matches(reply).Select(match => match.Groups[1].Value)];
        for (var i = 0; i < Names.Length && lines.Length >= Names.Length; i++)
        {
            grades[Names[i]] = double.Parse(lines[i], CultureInfo.InvariantCulture);
        }

        return grades;
    }

    // White space as in Python, which counts four separators of ASCII as such.
    [GeneratedRegex(@"\*{0,2}(Consistency|Realism|Aesthetic Quality)\*{0,2}[\s\x1c-\x1f]*:?[\s\x1c-\x1f]*(\d)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"^[\s\x1c-\x1f]*([0-2])[\s\x1c-\x1f]*$", RegexOptions.Multiline)]
    private static partial Regex Bare();
}
