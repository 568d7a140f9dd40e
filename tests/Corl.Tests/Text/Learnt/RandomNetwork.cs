using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

/// <summary>Networks with drawn weights.</summary>
internal static class RandomNetwork
{
    public static readonly string[] Words = ["a", "dog", "the", "cat", "runs"];

    /// <summary>Rows in panels that are not full, and vectors of one and of two registers.</summary>
    public static readonly NetworkSize Size = new(Words.Length, Width: 16, Hidden: 48, Pair: 32);

    public static ParserWeights Weights(ulong seed, float bound = 0.3f)
    {
        var values = new Dictionary<string, float[]>();
        foreach (var (name, rows, columns) in Size.Parameters())
        {
            var random = CounterRng.Named(seed, name);
            values[name] = [.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.Uniform(-bound, bound))];
        }

        return new ParserWeights(Size, values);
    }

    /// <summary>Sentences of drawn lengths and words.</summary>
    public static IReadOnlyList<string>[] Sentences(ulong seed, int count, int longest)
    {
        string[] forms = [.. Words, "A", "Dogs", "riding", "front", "on", "'s", "n't", ".", "42", "\ud800", "x-y", "?"];
        var random = CounterRng.Named(seed, "sentences");
        return [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<string>)[.. Enumerable.Range(0, 1 + random.Below(longest)).Select(_ => random.Choice(forms))])];
    }
}
