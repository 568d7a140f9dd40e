namespace Corl.Text.Learnt;

/// <summary>The words of a sentence as parts of features, places 1 … n; what lies outside is a word of its own.</summary>
internal sealed class WordRow
{
    private const ulong Before = 1, After = 2;
    private static readonly HashSet<string> Finite = ["is", "are", "was", "were", "has", "have", "had", "'s", "does", "do", "can", "will"];

    /// <summary>Prepares a sentence.</summary>
    public WordRow(IReadOnlyList<string> forms)
    {
        Count = forms.Count;
        (Words, Suffixes, Shapes) = (new ulong[Count + 6], new ulong[Count + 6], new ulong[Count + 6]);
        Forms = new string[Count + 1];
        Forms[0] = "";
        for (var i = -2; i <= Count + 3; i++)
        {
            if (i < 1 || i > Count)
            {
                Words[i + 2] = i < 1 ? Before : After;
                continue;
            }

            var form = forms[i - 1];
            var lower = form.ToLowerInvariant();
            Forms[i] = lower;
            Words[i + 2] = Features.Of(lower);
            Suffixes[i + 2] = Features.Of(lower.AsSpan(Math.Max(0, lower.Length - 3)));
            Shapes[i + 2] = (char.IsUpper(form[0]) ? 1UL : 0) | (lower.Any(char.IsDigit) ? 2UL : 0) | (lower.Contains('-') ? 4UL : 0) | (i == 1 ? 8UL : 0);
        }

        EndsWithStop = Count > 0 && Forms[Count] is "." or "!" or "?";
        Frame = (EndsWithStop ? 1UL : 0) | (Forms.Any(Finite.Contains) ? 2UL : 0) | (Count > 0 && char.IsUpper(forms[0][0]) ? 4UL : 0);
        Length = (ulong)(Count <= 4 ? Count : Count <= 7 ? 5 : Count <= 11 ? 6 : 7);
    }

    /// <summary>n.</summary>
    public int Count { get; }

    /// <summary>[n + 1] the words in lower case from place 1.</summary>
    public string[] Forms { get; }

    /// <summary>What a statistical parser's habits hang on: whether the sentence ends with a full stop, has an auxiliary, begins with a capital.</summary>
    public ulong Frame { get; }

    /// <summary>The number of words, long sentences alike.</summary>
    public ulong Length { get; }

    public bool EndsWithStop { get; }

    private ulong[] Words { get; }

    private ulong[] Suffixes { get; }

    private ulong[] Shapes { get; }

    /// <summary>The word at a place from −2 to n + 3; those further out are like the next ones.</summary>
    public ulong Word(int place) => Words[Math.Clamp(place + 2, 0, Words.Length - 1)];

    public ulong Suffix(int place) => Suffixes[Math.Clamp(place + 2, 0, Words.Length - 1)];

    public ulong Shape(int place) => Shapes[Math.Clamp(place + 2, 0, Words.Length - 1)];
}
