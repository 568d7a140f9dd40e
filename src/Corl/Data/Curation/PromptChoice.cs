using System.Text.RegularExpressions;

namespace Corl.Data.Curation;

/// <summary>The caption chosen as an image's prompt.</summary>
/// <param name="Caption">The caption as it stands in the file.</param>
/// <param name="Coverage">The share of the solution's entities that it names, [0, 1].</param>
internal sealed record ChosenPrompt(Caption Caption, double Coverage);

/// <summary>
/// Chooses the prompt among an image's captions by its entity coverage of the solution, as the paper's App. A says; what it leaves open
/// (parser, threshold, ties) is ours and described in docs/data.md.
/// </summary>
internal static partial class PromptChoice
{
    private const int ShortestLiked = 6, LongestLiked = 20; // words of a caption that is preferred among equals; ours

    /// <summary>The best caption; null where no caption covers anything.</summary>
    /// <param name="captions">The image's captions.</param>
    /// <param name="solution">Question, right answer and rationale.</param>
    /// <param name="lexicon">What counts as an entity.</param>
    /// <param name="labels">The image's object labels.</param>
    /// <param name="isVisibleOnly">Whether only those entities of the solution count that a caption or a label names.</param>
    public static ChosenPrompt? Choose(IReadOnlyList<Caption> captions, string solution, EntityLexicon lexicon, IReadOnlySet<string>? labels = null, bool isVisibleOnly = false)
    {
        var wanted = lexicon.Entities(solution);
        (Caption Caption, HashSet<string> Entities)[] named = [.. captions.Select(caption => (caption, lexicon.Entities(caption.Text)))];
        if (isVisibleOnly)
        {
            wanted.RemoveWhere(entity => !named.Any(caption => caption.Entities.Contains(entity)) && labels?.Contains(entity) != true);
        }

        return named
            .Select(caption => (caption.Caption, caption.Entities, Coverage: EntityLexicon.Coverage(caption.Entities, wanted), Words: EntityLexicon.CountWords(caption.Caption.Text)))
            .Where(caption => caption.Coverage > 0)
            .OrderByDescending(caption => caption.Coverage).ThenByDescending(caption => caption.Entities.Count)
            .ThenBy(caption => caption.Words is >= ShortestLiked and <= LongestLiked ? 0 : 1).ThenBy(caption => caption.Caption.Id)
            .Select(caption => new ChosenPrompt(caption.Caption, caption.Coverage)).FirstOrDefault();
    }

    /// <summary>The caption as a prompt: no outer or double space, no final stop, a small first letter.</summary>
    /// <param name="caption">The caption.</param>
    /// <param name="isLowerCase">Whether every letter becomes small.</param>
    public static string Prompt(string caption, bool isLowerCase)
    {
        var text = Space().Replace(caption.Trim(), " ").TrimEnd('.', ' ');
        var isWord = text.Length > 1 && !char.IsUpper(text[1]); // "TV on a shelf" keeps its capitals
        return isLowerCase ? text.ToLowerInvariant() : isWord ? char.ToLowerInvariant(text[0]) + text[1..] : text;
    }

    /// <summary>
    /// The smallest coverage to keep, so that the mean over what is kept comes nearest to a wished one; the smaller of equals, so that more is
    /// kept. The mean grows with the threshold.
    /// </summary>
    /// <param name="coverages">Of all candidates, in any order.</param>
    /// <param name="mean">The wished mean.</param>
    public static (double Threshold, double Mean) Threshold(IEnumerable<double> coverages, double mean)
    {
        double[] sorted = [.. coverages.Where(coverage => coverage > 0).OrderDescending()];
        var (best, bestMean, sum) = (0.0, double.NaN, 0.0);
        for (var i = 0; i < sorted.Length; i++)
        {
            sum += sorted[i];
            var isWhole = i + 1 == sorted.Length || sorted[i + 1] < sorted[i]; // equal values are kept or dropped together
            if (isWhole && !(Math.Abs((sum / (i + 1)) - mean) > Math.Abs(bestMean - mean)))
            {
                (best, bestMean) = (sorted[i], sum / (i + 1));
            }
        }

        return (best, bestMean);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
