using System.Text;

namespace Corl.Text;

/// <summary>What is done to captions before a parser reads them; on both sides of a comparison.</summary>
public enum CaptionForm
{
    /// <summary>Nothing: what the CoRL reward does.</summary>
    Raw,

    /// <summary>Lower case, no punctuation: what published SPICE figures do.</summary>
    Tokenised,

    /// <summary>The first letter large and a full stop at the end, so that both sides are read as sentences.</summary>
    Stopped,
}

/// <summary>Applies a <see cref="CaptionForm"/>.</summary>
internal static class CaptionForms
{
    /// <summary>The caption in this form.</summary>
    public static string Apply(this CaptionForm form, string caption) => form switch
    {
        CaptionForm.Tokenised => Tokenised(caption),
        CaptionForm.Stopped => Stopped(caption.Trim()),
        _ => caption,
    };

    // Marks inside words and numbers stay; the others become spaces.
    private static string Tokenised(string caption)
    {
        var text = new StringBuilder(caption.Length);
        for (var i = 0; i < caption.Length; i++)
        {
            var isInside = i > 0 && i + 1 < caption.Length && char.IsLetterOrDigit(caption[i - 1]) && char.IsLetterOrDigit(caption[i + 1]);
            text.Append(char.IsLetterOrDigit(caption[i]) || char.IsSurrogate(caption[i]) || (isInside && caption[i] is '-' or '\'' or '.' or ',' or '/' or '&') ? char.ToLowerInvariant(caption[i]) : ' ');
        }

        return string.Join(' ', text.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Stopped(string caption) => caption.Length == 0 ? caption
        : char.ToUpperInvariant(caption[0]) + caption[1..] + (caption[^1] is '.' or '!' or '?' ? "" : ".");
}
