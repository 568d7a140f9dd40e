using Corl.Shapes;
using Corl.Text.Learnt;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Trains the parser's network on a treebank. Every draw is from a stream that is named after its purpose and its step.</summary>
internal sealed class ParserTraining : IDisposable
{
    private const int WordsPerBatch = 400;
    private const int MostSentences = 64;
    private const double Dropped = 0.25; // of the numbers between layers
    private const double RareWords = 2; // a word that occurs n times is hidden with probability this / (this + n)
    private const int FewestOccurrences = 3; // of a known word
    private const double Exchanged = 0.4; // of the words that can be
    private const int SureOccurrences = 15; // of a word that can be exchanged, all with one tag
    private const double PeakRate = 2e-3;
    private const int WarmUp = 300; // steps; fewer in a short training

    // A grammar without words cannot tell apart two words that have one tag only: the tree stays when one takes the other's place. Other
    // tags have words that the original's grammar or its dependency rules know by name.
    private static readonly string[] OpenTags = ["NN", "NNS", "JJ", "VBG"];
    private static readonly string[] NamedRelations = ["nmod:tmod", "nmod:npmod", "mwe", "discourse"];

    private readonly TreeSentence[] _sentences;
    private readonly int[][] _rows; // [sentence] rows of its words, one word behind the other
    private readonly int[][] _classes; // [sentence][word] the tag of a word that can be exchanged, else −1
    private readonly int[][][] _exchangeable; // [tag][] rows of such words
    private readonly int[] _counts; // of known words, by row
    private readonly ulong _seed;
    private readonly int _batches; // of a pass
    private (int Epoch, int[][] Batches) _order = (-1, []);

    /// <summary>Prepares the training of a new network.</summary>
    public ParserTraining(TreeSentence[] sentences, ulong seed)
    {
        (_sentences, _seed) = (sentences, seed);
        var known = sentences.SelectMany(sentence => sentence.Forms).CountBy(form => form.ToLowerInvariant()).Where(word => word.Value >= FewestOccurrences)
            .OrderByDescending(word => word.Value).ThenBy(word => word.Key, StringComparer.Ordinal).ToArray();
        Words = new WordRows([.. known.Select(word => word.Key)]);
        _counts = [0, .. known.Select(word => word.Value)];
        _rows = [.. sentences.Select(sentence => Words.Of(sentence.Forms))];
        var sure = SureWords();
        _classes = [.. sentences.Select(sentence => sentence.Forms.Select(form => sure.GetValueOrDefault(form, -1)).ToArray())];
        _exchangeable = [.. Enumerable.Range(0, Grammar.Tags.Length).Select(tag => sure.Where(word => word.Value == tag).Select(word => Words.Of([word.Key])).ToArray())];
        _batches = Batches(0).Length;
        Network = new ParserModule(new NetworkSize(known.Length, Width: 96, Hidden: 128, Pair: 128), seed);
    }

    /// <summary>The words that the network knows.</summary>
    public WordRows Words { get; }

    /// <summary>What learns.</summary>
    public ParserModule Network { get; }

    /// <summary>The training over so many passes.</summary>
    public TrainingPhase Phase(string name, int epochs) => new(
        name,
        new CosineSchedule(PeakRate, epochs * _batches, WarmUp: Math.Min(WarmUp, epochs * _batches / 4), Floor: 0),
        [.. Network.named_parameters()],
        Backward)
    {
        WeightDecay = 0,
    };

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    private double Backward(int step)
    {
        var (epoch, at) = Math.DivRem(step, _batches);
        var batch = Batches(epoch)[at];
        using var scope = NewDisposeScope();
        using var trees = new TreeBatch([.. batch.Select(i => _sentences[i])], [.. batch.Select((i, place) => Changed(i, step, place))]);
        var random = CounterRng.Named(_seed, "spice/dropout", step);
        var loss = Network.Loss(trees, shape => Mask(shape, ref random));
        loss.backward();
        return loss.item<float>();
    }

    // Words in lower case that always have one and the same open tag, with its number, in a fixed order.
    private SortedDictionary<string, int> SureWords()
    {
        var seen = new Dictionary<string, (int Tag, int Count)>();
        foreach (var sentence in _sentences)
        {
            for (var i = 0; i < sentence.Forms.Length; i++)
            {
                var (form, tag) = (sentence.Forms[i], sentence.Tags[i]);
                var isNamed = NamedRelations.Contains(Grammar.Relations[sentence.Relations[i]]) || !OpenTags.Contains(Grammar.Tags[tag]);
                var known = seen.GetValueOrDefault(form, (tag, 0));
                seen[form] = (isNamed || known.Tag != tag ? -1 : tag, known.Count + 1);
            }
        }

        return new(seen.Where(word => word.Value.Tag >= 0 && word.Value.Count >= SureOccurrences && !word.Key.Any(char.IsUpper))
            .ToDictionary(word => word.Key, word => word.Value.Tag), StringComparer.Ordinal);
    }

    // A sentence's rows with some words exchanged for others of their kind and some hidden, as if they were not known.
    private int[] Changed(int sentence, int step, int place)
    {
        var rows = (int[])_rows[sentence].Clone();
        var random = CounterRng.Named(_seed, "spice/words", step, place);
        for (var i = 0; i < rows.Length; i += WordRows.PerWord)
        {
            if (_classes[sentence][i / WordRows.PerWord] is >= 0 and var tag && random.Uniform() < Exchanged)
            {
                random.Choice(_exchangeable[tag]).CopyTo(rows, i);
            }

            if (random.Uniform() < RareWords / (RareWords + _counts[rows[i]]))
            {
                rows[i] = 0;
            }
        }

        return rows;
    }

    private static Tensor Mask(long[] shape, ref CounterRng random)
    {
        var factors = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = random.Uniform() < Dropped ? 0 : (float)(1 / (1 - Dropped));
        }

        return tensor(factors).view(shape);
    }

    // The batches of a pass: sentences of one length each, in random order.
    private int[][] Batches(int epoch)
    {
        if (_order.Epoch != epoch)
        {
            var random = CounterRng.Named(_seed, "spice/order", epoch);
            var shuffled = random.Sample(Enumerable.Range(0, _sentences.Length), _sentences.Length);
            int[][] batches = [.. shuffled.GroupBy(i => _sentences[i].Forms.Length).OrderBy(group => group.Key)
                .SelectMany(group => group.Chunk(Math.Clamp(WordsPerBatch / group.Key, 1, MostSentences)))];
            _order = (epoch, random.Sample(batches, batches.Length));
        }

        return _order.Batches;
    }
}
