using System.Globalization;
using System.IO.Compression;
using Corl.Text.Parsing;

namespace Corl.Tests.Text.Parsing;

/// <summary>A caption as the original program parsed it.</summary>
internal sealed record ParsedCaption(string Id, string Text, string[] Tuples, IReadOnlyList<IReadOnlyList<ParsedToken>> Sentences, IReadOnlyList<IReadOnlyList<string>> Collapsed)
{
    /// <summary>All captions of a treebank file.</summary>
    public static IEnumerable<ParsedCaption> Read(string path)
    {
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var block = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                block.Add(line);
            }
            else if (block.Count > 0)
            {
                yield return Parse(block);
                block.Clear();
            }
        }
    }

    private static ParsedCaption Parse(List<string> block)
    {
        string Header(string name) => block.Find(line => line.StartsWith($"# {name} =", StringComparison.Ordinal))![(name.Length + 4)..].TrimStart();
        var sentences = new List<List<ParsedToken>>();
        var collapsed = new List<List<string>>();
        foreach (var line in block)
        {
            if (line == "# sentence")
            {
                sentences.Add([]);
                collapsed.Add([]);
                continue;
            }

            var fields = line.Split('\t');
            if (fields.Length != 9)
            {
                continue;
            }

            if (!fields[0].Contains('.', StringComparison.Ordinal))
            {
                var head = fields[5] == "_" ? ParsedToken.OutsideTree : int.Parse(fields[5], CultureInfo.InvariantCulture);
                sentences[^1].Add(new ParsedToken(fields[1], fields[2].ToLowerInvariant(), fields[3], head, fields[6]));
            }

            collapsed[^1].AddRange(fields[7].Split('|').Where(edge => edge != "_").Select(edge => $"{edge}:{fields[0]}"));
        }

        return new(Header("id"), Header("text"), Header("tuples").Split(" ; ", StringSplitOptions.RemoveEmptyEntries), sentences, collapsed);
    }
}
