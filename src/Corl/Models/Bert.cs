using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>Sizes of a BERT encoder or decoder.</summary>
/// <param name="Vocabulary">V.</param>
/// <param name="Width">D.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="MlpWidth">Inner width of the feed-forward block.</param>
/// <param name="Positions">Most tokens of a row.</param>
/// <param name="NormEpsilon">ε of the layer norms; 1e-12 in BERT, 1e-5 in RoBERTa.</param>
/// <param name="TokenTypes">Rows of the embedding of segments, of which the first is used; 0 in BLIP, which has none.</param>
/// <param name="FirstPosition">Row of the first token in the position embeddings; 2 in RoBERTa, whose first rows are not used.</param>
internal sealed record BertConfig(int Vocabulary, int Width, int Layers, int Heads, int MlpWidth, int Positions, double NormEpsilon, int TokenTypes = 0, int FirstPosition = 0);

/// <summary>Word, position and segment embeddings, normalised.</summary>
internal sealed class BertEmbeddings : Module
{
    private readonly Table word_embeddings, position_embeddings;
    private readonly Table? token_type_embeddings;
    private readonly Norm LayerNorm;
    private readonly int _first;

    public BertEmbeddings(WeightSource source, BertConfig config) : base(nameof(BertEmbeddings))
    {
        word_embeddings = new Table(source.At(nameof(word_embeddings)), config.Vocabulary, config.Width);
        position_embeddings = new Table(source.At(nameof(position_embeddings)), config.Positions, config.Width);
        token_type_embeddings = config.TokenTypes > 0 ? new Table(source.At(nameof(token_type_embeddings)), config.TokenTypes, config.Width) : null;
        LayerNorm = new Norm(source.At(nameof(LayerNorm)), config.Width, config.NormEpsilon);
        _first = config.FirstPosition;
        RegisterComponents();
    }

    /// <summary>[V, D], which an output head may share.</summary>
    public Tensor Words => word_embeddings.Weight;

    /// <summary>int64 [N, S] at positions from <paramref name="start"/> → [N, S, D].</summary>
    public Tensor Forward(Tensor ids, long start = 0)
    {
        using var scope = NewDisposeScope();
        var x = word_embeddings.call(ids) + position_embeddings.Weight.narrow(0, start + _first, ids.shape[1]);
        return LayerNorm.call(token_type_embeddings is { } types ? x + types.Weight[0] : x).MoveToOuterDisposeScope();
    }
}

/// <summary>The three projections of an attention block.</summary>
internal sealed class BertProjections : Module
{
    private readonly Dense query, key, value;
    private readonly long _heads;

    /// <param name="source">Gives the parameters.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="memoryWidth">Width of what keys and values are made of.</param>
    public BertProjections(WeightSource source, BertConfig config, long memoryWidth) : base(nameof(BertProjections))
    {
        query = new Dense(source.At(nameof(query)), config.Width, config.Width);
        key = new Dense(source.At(nameof(key)), memoryWidth, config.Width);
        value = new Dense(source.At(nameof(value)), memoryWidth, config.Width);
        _heads = config.Heads;
        RegisterComponents();
    }

    /// <summary>[N, S, D] → [N, h, S, d].</summary>
    public Tensor Query(Tensor x) => Split(query.call(x));

    /// <summary>[N, S, D'] → keys and values, each [N, h, S, d].</summary>
    public (Tensor Keys, Tensor Values) Memory(Tensor x) => (Split(key.call(x)), Split(value.call(x)));

    private Tensor Split(Tensor x)
    {
        using var scope = NewDisposeScope();
        scope.Attach(x);
        return x.view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2).MoveToOuterDisposeScope();
    }
}

/// <summary>The end of every BERT block: a projection, the residual, the norm after it.</summary>
internal sealed class BertOutput : Module
{
    private readonly Dense dense;
    private readonly Norm LayerNorm;

    public BertOutput(WeightSource source, BertConfig config, long input) : base(nameof(BertOutput))
    {
        dense = new Dense(source.At(nameof(dense)), input, config.Width);
        LayerNorm = new Norm(source.At(nameof(LayerNorm)), config.Width, config.NormEpsilon);
        RegisterComponents();
    }

    /// <summary>[…, input] and the block's own input [N, S, D] → [N, S, D].</summary>
    public Tensor Forward(Tensor y, Tensor residual)
    {
        using var scope = NewDisposeScope();
        return LayerNorm.call(dense.call(y) + residual).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention over given keys and values, then <see cref="BertOutput"/>.</summary>
internal sealed class BertAttention : Module
{
    private readonly BertProjections self;
    private readonly BertOutput output;

    public BertAttention(WeightSource source, BertConfig config, long memoryWidth) : base(nameof(BertAttention))
    {
        self = new BertProjections(source.At(nameof(self)), config, memoryWidth);
        output = new BertOutput(source.At(nameof(output)), config, config.Width);
        RegisterComponents();
    }

    /// <summary>[N, S, D'] → keys and values, each [N, h, S, d].</summary>
    public (Tensor Keys, Tensor Values) Memory(Tensor x) => self.Memory(x);

    /// <param name="x">[N, S, D].</param>
    /// <param name="memory">Keys and values, [N, h, K, d].</param>
    /// <param name="mask">Broadcast to [N, h, S, K], true where a token may look; null for everywhere.</param>
    /// <returns>[N, S, D].</returns>
    public Tensor Forward(Tensor x, (Tensor Keys, Tensor Values) memory, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        return output.Forward(Attention.Attend(self.Query(x), memory.Keys, memory.Values, mask), x).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: self-attention, attention to an image if there is one, feed-forward; each followed by its norm.</summary>
internal sealed class BertLayer : Module
{
    private readonly BertAttention attention;
    private readonly BertAttention? crossattention;
    private readonly BertIntermediate intermediate;
    private readonly BertOutput output;

    /// <param name="source">Gives the parameters.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="imageWidth">Width of the image tokens that a decoder reads; null in a text encoder.</param>
    public BertLayer(WeightSource source, BertConfig config, long? imageWidth = null) : base(nameof(BertLayer))
    {
        attention = new BertAttention(source.At(nameof(attention)), config, config.Width);
        crossattention = imageWidth is { } width ? new BertAttention(source.At(nameof(crossattention)), config, width) : null;
        intermediate = new BertIntermediate(source.At(nameof(intermediate)), config);
        output = new BertOutput(source.At(nameof(output)), config, config.MlpWidth);
        RegisterComponents();
    }

    /// <summary>Keys and values of the text itself, from [N, S, D].</summary>
    public (Tensor Keys, Tensor Values) TextMemory(Tensor x) => attention.Memory(x);

    /// <summary>Keys and values of an image, from [N, T, D'].</summary>
    public (Tensor Keys, Tensor Values) ImageMemory(Tensor image) => crossattention!.Memory(image);

    /// <param name="x">[N, S, D].</param>
    /// <param name="text">Keys and values of the text up to and with <paramref name="x"/>.</param>
    /// <param name="mask">Which of them each token may look at.</param>
    /// <param name="image">Keys and values of the image; null in a text encoder.</param>
    /// <returns>[N, S, D].</returns>
    public Tensor Forward(Tensor x, (Tensor Keys, Tensor Values) text, Tensor? mask, (Tensor Keys, Tensor Values)? image = null)
    {
        using var scope = NewDisposeScope();
        x = attention.Forward(x, text, mask);
        x = image is { } memory ? crossattention!.Forward(x, memory) : x;
        return output.Forward(intermediate.call(x), x).MoveToOuterDisposeScope();
    }
}

/// <summary>The first half of the feed-forward block, with the exact GELU.</summary>
internal sealed class BertIntermediate : Module<Tensor, Tensor>
{
    private readonly Dense dense;

    public BertIntermediate(WeightSource source, BertConfig config) : base(nameof(BertIntermediate))
    {
        dense = new Dense(source.At(nameof(dense)), config.Width, config.MlpWidth);
        RegisterComponents();
    }

    /// <summary>[N, S, D] → [N, S, inner].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return functional.gelu(dense.call(x)).MoveToOuterDisposeScope();
    }
}
