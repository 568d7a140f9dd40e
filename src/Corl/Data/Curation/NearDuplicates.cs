using Corl.Text;

namespace Corl.Data.Curation;

/// <summary>
/// Texts that share almost all their words with an earlier one: Jaccard similarity of their sets of words above a limit, found exactly.
/// Two sets that similar share one of their first |x| − ⌈t·|x|⌉ + 1 words in any one order of all words; the order here puts long words
/// first, because they are rare (Bayardo, Ma and Srikant 2007, prefix filtering).
/// </summary>
internal sealed class NearDuplicates(double limit)
{
    private readonly Dictionary<string, List<HashSet<string>>> _byWord = [];

    /// <summary>Whether an accepted text is nearly this one.</summary>
    public bool Contains(string text)
    {
        var words = Words(text);
        return Prefix(words).Any(word => _byWord.TryGetValue(word, out var earlier) && earlier.Any(other => Jaccard(words, other) > limit || words.SetEquals(other)));
    }

    /// <summary>Accepts a text.</summary>
    public void Add(string text)
    {
        var words = Words(text);
        foreach (var word in Prefix(words))
        {
            (_byWord.TryGetValue(word, out var texts) ? texts : _byWord[word] = []).Add(words);
        }
    }

    /// <summary>Words of both over words of either.</summary>
    internal static double Jaccard(HashSet<string> a, HashSet<string> b)
    {
        var both = a.Count(b.Contains);
        return a.Count + b.Count == 0 ? 1 : (double)both / (a.Count + b.Count - both);
    }

    internal static HashSet<string> Words(string text) => [.. AnswerMatch.Plain(text).Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private IEnumerable<string> Prefix(HashSet<string> words) =>
        words.OrderByDescending(word => word.Length).ThenBy(word => word, StringComparer.Ordinal).Take(words.Count - (int)Math.Ceiling(limit * words.Count) + 1);
}
