using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

public sealed class ArcDecoderTests
{
    [Fact]
    public void Decode_DrawnScores_GiveTheBestOfAllTrees()
    {
        for (ulong seed = 0; seed < 400; seed++)
        {
            var random = CounterRng.Named(seed, "arcs");
            var n = 1 + random.Below(5);
            float[] scores = [.. Enumerable.Range(0, n * (n + 1)).Select(_ => (float)random.Normal())];
            var heads = new int[n];
            ArcDecoder.Decode(scores, heads);
            Assert.True(IsTree(heads), string.Join(' ', heads));
            Assert.Equal(All(n).Where(IsTree).Max(other => Score(scores, other)), Score(scores, heads), 1e-5);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(0)]
    public void Decode_ScoresThatSayNothing_GiveSomeTree(float score)
    {
        var heads = new int[12];
        ArcDecoder.Decode(Enumerable.Repeat(score, 12 * 13).ToArray(), heads);
        Assert.True(IsTree(heads), string.Join(' ', heads));
    }

    private static double Score(float[] scores, int[] heads) => heads.Index().Sum(word => (double)scores[(word.Index * (heads.Length + 1)) + word.Item]);

    // One root, no circle, no crossing arcs, counted from the definition: all words below an arc hang on its governor.
    private static bool IsTree(int[] heads)
    {
        bool IsUnder(int word, int head)
        {
            for (var (at, steps) = (word, 0); steps <= heads.Length; at = heads[at - 1], steps++)
            {
                if (at == head || at == 0)
                {
                    return at == head;
                }
            }

            return false;
        }

        return heads.Count(head => head == 0) == 1 && Enumerable.Range(1, heads.Length).All(word =>
            IsUnder(word, 0) && Enumerable.Range(1, heads.Length).Where(other => (other - word) * (other - heads[word - 1]) < 0).All(other => IsUnder(other, heads[word - 1])));
    }

    private static IEnumerable<int[]> All(int n) => Enumerable.Range(0, (int)Math.Pow(n + 1, n)).Select(number =>
        Enumerable.Range(0, n).Select(word => number / (int)Math.Pow(n + 1, word) % (n + 1)).ToArray());
}
