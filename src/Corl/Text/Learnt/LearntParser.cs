using System.Buffers;
using Corl.Text.Parsing;

namespace Corl.Text.Learnt;

/// <summary>A sentence's tree.</summary>
/// <param name="Tags">[n] by number.</param>
/// <param name="Heads">[n] the governors' places, words from 1; 0 for the root.</param>
/// <param name="Relations">[n] by number.</param>
internal readonly record struct SentenceTree(byte[] Tags, int[] Heads, byte[] Relations);

/// <summary>
/// Tags and parses sentences with networks that have learnt to do it as the original program does; what they say is summed up. Sentences of
/// like length go through together; a sentence's result is the same alone and among others. Safe for any number of threads.
/// </summary>
internal sealed class LearntParser
{
    private const int Together = 32; // sentences: then a step's products take most of their time for products
    private const int WordsTogether = 1000; // bounds the room that long sentences take
    private static readonly Lazy<LearntParser> Loaded = new(ParserFile.Shipped);
    private readonly WordRows _words;
    private readonly ParserNetwork[] _networks;

    /// <summary>Prepares a parser.</summary>
    /// <param name="words">Words that the networks know, in lower case, the most frequent first.</param>
    /// <param name="networks">The networks, all of one size.</param>
    public LearntParser(string[] words, IEnumerable<ParserWeights> networks)
    {
        _words = new WordRows(words);
        _networks = [.. networks.Select(weights => new ParserNetwork(weights, _words))];
    }

    /// <summary>The shipped parser, loaded once.</summary>
    public static LearntParser Shared => Loaded.Value;

    /// <summary>The words of each sentence with lemmas, tags, heads and relations.</summary>
    public ParsedToken[][] Tokens(IReadOnlyList<IReadOnlyList<string>> sentences)
    {
        var trees = Trees(sentences);
        var tokens = new ParsedToken[sentences.Count][];
        for (var i = 0; i < tokens.Length; i++)
        {
            var (tree, forms) = (trees[i], sentences[i]);
            tokens[i] = new ParsedToken[forms.Count];
            for (var word = 0; word < forms.Count; word++)
            {
                var tag = Grammar.Tags[tree.Tags[word]];
                tokens[i][word] = new ParsedToken(forms[word], Lemmatizer.Lemma(forms[word].ToLowerInvariant(), tag), tag, tree.Heads[word], Grammar.Relations[tree.Relations[word]]);
            }
        }

        return tokens;
    }

    /// <summary>The trees of sentences; none of them is empty.</summary>
    public SentenceTree[] Trees(IReadOnlyList<IReadOnlyList<string>> sentences)
    {
        var trees = new SentenceTree[sentences.Count];
        int[] order = [.. Enumerable.Range(0, trees.Length).OrderByDescending(i => sentences[i].Count)];
        IReadOnlyList<string>[] sorted = [.. order.Select(i => sentences[i])];
        for (var from = 0; from < sorted.Length;)
        {
            var count = Math.Clamp(WordsTogether / sorted[from].Count, 1, Math.Min(Together, sorted.Length - from));
            foreach (var tree in Trees(new SentenceBatch(sorted.AsSpan(from, count), _words)))
            {
                trees[order[from++]] = tree;
            }
        }

        return trees;
    }

    private SentenceTree[] Trees(SentenceBatch batch)
    {
        var (tagColumns, relationColumns) = (_networks[0].TagColumns, _networks[0].RelationColumns);
        var (tags, arcs, relations) = (Zeros(batch.Total * tagColumns), Zeros(batch.ArcStarts[^1]), Zeros(batch.Total * relationColumns));
        var readings = new float[_networks.Length][];
        for (var i = 0; i < readings.Length; i++)
        {
            readings[i] = _networks[i].Read(batch, tags, arcs);
        }

        var heads = new int[batch.Lengths.Length][];
        for (var i = 0; i < heads.Length; i++)
        {
            heads[i] = new int[batch.Lengths[i]];
            ArcDecoder.Decode(arcs.AsSpan(batch.ArcStarts[i]..batch.ArcStarts[i + 1]), heads[i]);
        }

        for (var i = 0; i < readings.Length; i++)
        {
            _networks[i].AddRelations(batch, readings[i], heads, relations);
        }

        var trees = new SentenceTree[heads.Length];
        for (var i = 0; i < trees.Length; i++)
        {
            var count = heads[i].Length;
            trees[i] = new SentenceTree(new byte[count], heads[i], new byte[count]);
            for (var word = 0; word < count; word++)
            {
                var row = batch.Row(i, word);
                trees[i].Tags[word] = (byte)Best(tags.AsSpan(row * tagColumns, Grammar.Tags.Length));
                trees[i].Relations[word] = (byte)(heads[i][word] == 0 ? Grammar.Root
                    : Grammar.Root + 1 + Best(relations.AsSpan(row * relationColumns, Grammar.Relations.Length)[(Grammar.Root + 1)..]));
            }
        }

        ArrayPool<float>.Shared.Return(tags);
        ArrayPool<float>.Shared.Return(arcs);
        ArrayPool<float>.Shared.Return(relations);
        return trees;
    }

    private static float[] Zeros(int count)
    {
        var zeros = ArrayPool<float>.Shared.Rent(count);
        Array.Clear(zeros);
        return zeros;
    }

    private static int Best(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }
}
