using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Corl.Text;
using Corl.Text.Learnt;

namespace Corl.Cli;

/// <summary>How near scores come to those that SPICE 1.0 printed for the same captions.</summary>
internal static class SpiceAgreement
{
    /// <summary>What two spellings of a caption share: its words in lower case, without marks.</summary>
    public static string Key(IEnumerable<string> words) => string.Join(' ', words.Where(word => char.IsLetterOrDigit(word[0])).Select(word => word.ToLowerInvariant()));

    /// <summary>A line for each file of pairs: all of them, and those with no caption among the seen ones.</summary>
    /// <param name="folder">Where the pairs_*.jsonl.gz files are.</param>
    /// <param name="spice">What scores.</param>
    /// <param name="seen">Keys of the captions that the parser was learnt from.</param>
    public static IEnumerable<string> Table(string folder, Spice spice, HashSet<string> seen)
    {
        yield return "pairs                      number  equal F  mean |dF|      r  tuple F1";
        foreach (var file in Directory.GetFiles(folder, "pairs_*.jsonl.gz").Order(StringComparer.Ordinal))
        {
            var pairs = Scored([.. Read(file)], spice, seen);
            var name = Path.GetFileName(file)["pairs_".Length..^".jsonl.gz".Length];
            yield return Line(name, pairs);
            yield return Line($"{name}, unseen", [.. pairs.Where(pair => pair.IsUnseen)]);
        }
    }

    private static IEnumerable<JsonElement> Read(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return JsonDocument.Parse(line).RootElement;
        }
    }

    private static Pair[] Scored(JsonElement[] pairs, Spice spice, HashSet<string> seen)
    {
        string[] tests = [.. pairs.Select(pair => pair.GetProperty("test").GetString()!)];
        string[][] references = [.. pairs.Select(pair => pair.GetProperty("refs").EnumerateArray().Select(reference => reference.GetString()!).ToArray())];
        bool IsUnseen(string caption) => !seen.Contains(Key(TreebankTokenizer.Sentences(caption).SelectMany(words => words)));
        var (graphs, facts) = (spice.Graphs(tests), spice.Parser.Facts(tests));
        return [.. pairs.Select((pair, i) =>
        {
            var ours = facts[i].Where(fact => !fact.IsCountOnly).Select(Raw).ToHashSet();
            var golden = pair.GetProperty("test_raw").EnumerateArray().Select(tuple => string.Join(" | ", tuple.EnumerateArray().Select(part => part.GetString()))).ToHashSet();
            var f = pair.GetProperty("scores").GetProperty("All").GetProperty("f").GetDouble();
            var score = spice.Score(graphs[i], spice.Graph(references[i])).F;
            return new Pair(score, f, ours.Count(golden.Contains), ours.Count, golden.Count, references[i].Append(tests[i]).All(IsUnseen));
        })];
    }

    private static string Raw(SceneFact fact) => string.Join(" | ", new[] { fact.Subject, fact.Attribute ?? fact.Target, fact.Relation }.Where(part => part is not null));

    private static string Line(string name, Pair[] pairs)
    {
        if (pairs.Length < 2)
        {
            return $"{name,-24}{pairs.Length,9}";
        }

        var equal = pairs.Average(pair => Math.Abs(pair.Ours - pair.Original) < 1e-9 ? 1.0 : 0);
        var (a, b) = (pairs.Average(pair => pair.Ours), pairs.Average(pair => pair.Original));
        var r = pairs.Sum(pair => (pair.Ours - a) * (pair.Original - b)) / Math.Sqrt(pairs.Sum(pair => Math.Pow(pair.Ours - a, 2)) * pairs.Sum(pair => Math.Pow(pair.Original - b, 2)));
        var tuples = 2.0 * pairs.Sum(pair => pair.Shared) / pairs.Sum(pair => pair.Facts + pair.Golden);
        return string.Create(CultureInfo.InvariantCulture, $"{name,-24}{pairs.Length,9}{equal,9:P1}{pairs.Average(pair => Math.Abs(pair.Ours - pair.Original)),11:F3}{r,7:F3}{tuples,10:F3}");
    }

    private readonly record struct Pair(double Ours, double Original, int Shared, int Facts, int Golden, bool IsUnseen);
}
