namespace Corl.Cli.Recipes;

/// <summary>Finds what a misspelt name was meant to be.</summary>
internal static class NearestKey
{
    /// <summary>"did you mean 'beta'?", or the list of all when nothing is near.</summary>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        string[] all = [.. known];
        var nearest = all.MinBy(x => Distance(name, x));
        return nearest is not null && Distance(name, nearest) <= Math.Max(2, name.Length / 3) // two slips, or a third of a long name
            ? $"did you mean '{nearest}'?"
            : $"known are {string.Join(", ", all)}";
    }

    // Levenshtein's distance with one row of the table at a time.
    private static int Distance(string a, string b)
    {
        if (a.Length > 64)
        {
            return int.MaxValue; // no key of ours is that long
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }
}
