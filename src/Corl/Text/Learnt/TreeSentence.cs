using System.IO.Compression;

namespace Corl.Text.Learnt;

/// <summary>A sentence of a treebank.</summary>
/// <param name="Id">The caption's name, whose second part is its image.</param>
/// <param name="Forms">[n] words.</param>
/// <param name="Tags">[n] tags by number.</param>
/// <param name="Heads">[n] heads, from 1; 0 for the root.</param>
/// <param name="Relations">[n] relations by number.</param>
internal sealed record TreeSentence(string Id, string[] Forms, byte[] Tags, short[] Heads, byte[] Relations)
{
    /// <summary>What captions of one image share: train and test never do.</summary>
    public string Image => Id.Split('/') is [var set, var image, ..] ? $"{set}/{image}" : Id;

    /// <summary>Reads a file of CoNLL-U blocks, compressed with gzip.</summary>
    /// <exception cref="UserException">A line is not as expected.</exception>
    public static IEnumerable<TreeSentence> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var id = "";
        List<string[]> words = [];
        for (var (line, number) = (reader.ReadLine(), 1); ; (line, number) = (reader.ReadLine(), number + 1))
        {
            if (line is { Length: > 0 } && line[0] != '#')
            {
                var fields = line.Split('\t');
                if (fields.Length < 7)
                {
                    throw new UserException($"{path}, line {number}: {fields.Length} fields, expected at least 7");
                }

                if (!fields[0].Contains('.'))
                {
                    words.Add(fields);
                }

                continue;
            }

            if (words.Count > 0)
            {
                yield return Sentence(id, words, $"{path}, line {number}");
                words.Clear();
            }

            if (line is null)
            {
                yield break;
            }

            if (line.StartsWith("# id = ", StringComparison.Ordinal))
            {
                id = line["# id = ".Length..];
            }
        }
    }

    private static TreeSentence Sentence(string id, List<string[]> words, string where)
    {
        byte Number(string[] names, string name) => Array.IndexOf(names, name) is >= 0 and var at ? (byte)at : throw new UserException($"{where}: '{name}' is no tag or relation of the grammar");
        return new TreeSentence(
            id,
            [.. words.Select(word => word[1])],
            [.. words.Select(word => Number(Grammar.Tags, word[3]))],
            [.. words.Select(word => short.TryParse(word[5], out var head) && head >= 0 && head <= words.Count ? head : throw new UserException($"{where}: head '{word[5]}'"))],
            [.. words.Select(word => Number(Grammar.Relations, word[6]))]);
    }
}
