using Corl.Text.Learnt;
using static TorchSharp.torch;

namespace Corl.Tests.Text.Learnt;

public sealed class ParserNetworkTests
{
    [Fact]
    public void Read_AnyBatch_GivesTheBitsOfASentenceAlone()
    {
        var words = new WordRows(RandomNetwork.Words);
        var network = new ParserNetwork(RandomNetwork.Weights(0), words);
        for (ulong seed = 0; seed < 8; seed++)
        {
            var sentences = RandomNetwork.Sentences(seed, count: 9, longest: 12).OrderByDescending(sentence => sentence.Count).ToArray();
            var (batch, together) = Scores(network, words, sentences);
            for (var i = 0; i < sentences.Length; i++)
            {
                var (_, alone) = Scores(network, words, [sentences[i]]);
                Assert.Equal(alone.Arcs, together.Arcs[batch.ArcStarts[i]..batch.ArcStarts[i + 1]]);
                for (var word = 0; word < sentences[i].Count; word++)
                {
                    Assert.Equal(Row(alone.Tags, network.TagColumns, word), Row(together.Tags, network.TagColumns, batch.Row(i, word)));
                    Assert.Equal(Row(alone.Relations, network.RelationColumns, word), Row(together.Relations, network.RelationColumns, batch.Row(i, word)));
                }
            }
        }
    }

    // The loss over the scores here against the loss of libtorch's modules with the same weights: both are sums over the same scores.
    [Fact]
    public void Read_SameWeights_GivesLibtorchsScores()
    {
        var words = new WordRows(RandomNetwork.Words);
        using var module = new ParserModule(RandomNetwork.Size, seed: 3);
        var network = new ParserNetwork(module.Weights(), words);
        string[] forms = ["The", "dog", "Runs", "on", "unicycles", "."];
        var sentence = new TreeSentence("x/1", forms, [1, 0, 6, 2, 3, 8], [2, 3, 0, 5, 3, 3], [1, 5, 0, 2, 3, 7]);
        using var scope = NewDisposeScope();
        using var trees = new TreeBatch([sentence], [words.Of(forms)]);
        var expected = module.Loss(trees, shape => ones(shape)).item<float>();

        var (batch, scores) = Scores(network, words, [forms], [[.. sentence.Heads.Select(head => (int)head)]]);
        double loss = 0;
        for (var word = 0; word < forms.Length; word++)
        {
            loss += Surprise(Row(scores.Tags, network.TagColumns, batch.Row(0, word))[..Grammar.Tags.Length], sentence.Tags[word]);
            loss += Surprise(scores.Arcs.AsSpan(word * (forms.Length + 1), forms.Length + 1).ToArray(), sentence.Heads[word]);
            loss += Surprise(Row(scores.Relations, network.RelationColumns, batch.Row(0, word))[..Grammar.Relations.Length], sentence.Relations[word]);
        }

        Assert.Equal(expected, loss / forms.Length, 1e-4);
    }

    [Fact]
    public void Trees_SeveralNetworks_FollowTheSumOfTheirScores()
    {
        var words = new WordRows(RandomNetwork.Words);
        ParserWeights[] weights = [RandomNetwork.Weights(1), RandomNetwork.Weights(2)];
        foreach (var sentence in RandomNetwork.Sentences(5, count: 40, longest: 9))
        {
            var tree = new LearntParser(RandomNetwork.Words, weights).Trees([sentence])[0];
            var parts = weights.Select(one => Scores(new ParserNetwork(one, words), words, [sentence], [tree.Heads]).Scores).ToArray();
            float[] Sum(Func<(float[] Tags, float[] Arcs, float[] Relations), float[]> part) => [.. part(parts[0]).Zip(part(parts[1]), (a, b) => a + b)];
            var heads = new int[sentence.Count];
            ArcDecoder.Decode(Sum(part => part.Arcs), heads);
            Assert.Equal(heads, tree.Heads);
            for (var word = 0; word < sentence.Count; word++)
            {
                const int Columns = 64; // tags and relations are fewer
                var (tags, relations) = (Row(Sum(part => part.Tags), Columns, word)[..Grammar.Tags.Length], Row(Sum(part => part.Relations), Columns, word)[1..Grammar.Relations.Length]);
                Assert.Equal(tags.IndexOf(tags.Max()), tree.Tags[word]);
                Assert.Equal(heads[word] == 0 ? Grammar.Root : 1 + relations.IndexOf(relations.Max()), tree.Relations[word]);
            }
        }
    }

    private static (SentenceBatch Batch, (float[] Tags, float[] Arcs, float[] Relations) Scores) Scores(
        ParserNetwork network, WordRows words, ReadOnlySpan<IReadOnlyList<string>> sentences, int[][]? heads = null)
    {
        var batch = new SentenceBatch(sentences, words);
        var (tags, arcs, relations) = (new float[batch.Total * network.TagColumns], new float[batch.ArcStarts[^1]], new float[batch.Total * network.RelationColumns]);
        var reading = network.Read(batch, tags, arcs);
        network.AddRelations(batch, reading, heads ?? [.. batch.Lengths.Select(length => Enumerable.Range(0, length).ToArray())], relations);
        return (batch, (tags, arcs, relations));
    }

    private static float[] Row(float[] scores, int columns, int row) => scores[(row * columns)..((row + 1) * columns)];

    private static double Surprise(float[] scores, int choice) => Math.Log(scores.Sum(score => Math.Exp(score))) - scores[choice];
}
