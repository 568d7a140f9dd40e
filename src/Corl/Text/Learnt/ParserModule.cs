using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Corl.Text.Learnt;

/// <summary>
/// The parser's network as libtorch trains it: two bidirectional LSTM layers over the words; a tag for each word; for each pair of words
/// how well one governs the other (Dozat and Manning 2017); for each word and its governor a relation. T words, B sentences.
/// </summary>
internal sealed class ParserModule : nn.Module
{
    /// <summary>Slope of the rectifiers below zero.</summary>
    public const float Leak = 0.1f;

    private readonly NetworkSize _size;
    private readonly Embedding _table;
    private readonly LSTM _first;
    private readonly LSTM _second;
    private readonly Linear _tags;
    private readonly Linear _pairs; // as a dependent and as a governor, each for arcs and for relations
    private readonly Linear _arcs;
    private readonly Linear _relations;
    private readonly Parameter _root; // [2, pair]: the place above the sentence as a governor, for arcs and for relations

    /// <summary>A new network, drawn from a stream of random numbers for each parameter.</summary>
    public ParserModule(NetworkSize size, ulong seed) : base(nameof(ParserModule))
    {
        _size = size;
        _table = nn.Embedding(WordRows.RowsFor(size.Words), size.Width);
        _first = nn.LSTM(size.Width, size.Hidden, bidirectional: true);
        _second = nn.LSTM(2 * size.Hidden, size.Hidden, bidirectional: true);
        _tags = nn.Linear(2 * size.Hidden, Grammar.Tags.Length);
        _pairs = nn.Linear(2 * size.Hidden, 4 * size.Pair);
        _arcs = nn.Linear(size.Pair, size.Pair);
        _relations = nn.Linear(size.Pair, Grammar.Relations.Length);
        _root = new Parameter(zeros(2, size.Pair));
        register_module("table", _table);
        register_module("first", _first);
        register_module("second", _second);
        register_module("tags", _tags);
        register_module("pairs", _pairs);
        register_module("arcs", _arcs);
        register_module("relations", _relations);
        register_parameter("root", _root);
        foreach (var (name, parameter) in named_parameters())
        {
            Draw(name, parameter, size, seed);
        }
    }

    /// <summary>The mean loss of a word of a batch: tag, governor and relation together.</summary>
    /// <param name="batch">Sentences of one length.</param>
    /// <param name="mask">Gives the factors of a dropout: zero, or more than one.</param>
    public Tensor Loss(TreeBatch batch, Func<long[], Tensor> mask)
    {
        using var scope = NewDisposeScope();
        var (words, sentences) = (batch.Words, batch.Sentences);
        var x = _table.call(batch.Rows).sum(2) * mask([1, sentences, _size.Width]);
        x = _first.call(x).Item1 * mask([1, sentences, 2 * _size.Hidden]);
        x = _second.call(x).Item1 * mask([1, sentences, 2 * _size.Hidden]);
        var loss = F.cross_entropy(_tags.call(x).view(words * sentences, -1), batch.Tags);

        var pairs = _pairs.call(x).transpose(0, 1).chunk(4, -1); // [B, T, pair] each
        var width = pairs[0].shape[2];
        Tensor WithRoot(long part, Tensor of) => cat([_root[part].view(1, 1, width).expand(sentences, 1, width), of], 1);
        var dependents = F.leaky_relu(pairs[0], Leak) * mask([sentences, 1, width]);
        var governors = WithRoot(0, F.leaky_relu(pairs[1], Leak) * mask([sentences, 1, width]));
        var arcs = _arcs.call(dependents).bmm(governors.transpose(1, 2)); // [B, T, T + 1]
        loss += F.cross_entropy(arcs.view(words * sentences, -1), batch.Heads.view(-1));

        var governor = WithRoot(1, pairs[3]).gather(1, batch.Heads.unsqueeze(2).expand(-1, -1, width));
        var relations = _relations.call(F.leaky_relu(pairs[2] + governor, Leak) * mask([sentences, 1, width]));
        loss += F.cross_entropy(relations.view(words * sentences, -1), batch.Relations);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>The weights as they are now.</summary>
    public ParserWeights Weights() => new(_size, named_parameters().ToDictionary(weight => weight.name, weight => weight.parameter.data<float>().ToArray()));

    private static void Draw(string name, Parameter parameter, NetworkSize size, ulong seed)
    {
        const float Embedding = 0.1f; // small, so that rows that are hardly ever trained say little
        var values = new float[parameter.numel()];
        var isBias = name.Contains("bias", StringComparison.Ordinal);
        var bound = name is "table.weight" or "root" ? Embedding
            : name.Contains("_l0", StringComparison.Ordinal) ? 1 / MathF.Sqrt(size.Hidden)
            : MathF.Sqrt(6f / (parameter.shape[0] + parameter.shape[^1])); // Glorot and Bengio 2010
        var random = CounterRng.Named(seed, "spice/" + name);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = isBias ? 0 : (float)random.Uniform(-bound, bound);
        }

        // Gates remember at first: input, forget, cell and output lie one behind the other (Jozefowicz et al. 2015).
        if (name.Contains("bias_ih", StringComparison.Ordinal))
        {
            values.AsSpan(size.Hidden, size.Hidden).Fill(1);
        }

        using var noGrad = no_grad();
        using var drawn = tensor(values).view(parameter.shape);
        parameter.copy_(drawn);
    }
}
