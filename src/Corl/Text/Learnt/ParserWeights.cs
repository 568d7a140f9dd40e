namespace Corl.Text.Learnt;

/// <summary>A network of the parser as numbers.</summary>
/// <param name="Size">The network's sizes.</param>
/// <param name="Values">The weights by libtorch's names and in its layout, as <see cref="NetworkSize.Parameters"/> lists them.</param>
internal sealed record ParserWeights(NetworkSize Size, IReadOnlyDictionary<string, float[]> Values)
{
    /// <summary>The weights of a name.</summary>
    public float[] this[string name] => Values[name];

    /// <summary>A linear layer's matrix.</summary>
    public PackedMatrix Linear(string layer, int inputs) => new(this[layer + ".weight"], this[layer + ".bias"], inputs);

    /// <summary>What an LSTM layer makes of its inputs: the gates forwards, then backwards.</summary>
    public PackedMatrix LstmInput(string layer, int inputs)
    {
        float[] Both(string part) => [.. this[$"{layer}.{part}_l0"], .. this[$"{layer}.{part}_l0_reverse"]];
        return new PackedMatrix(Both("weight_ih"), [.. Both("bias_ih").Zip(Both("bias_hh"), (a, b) => a + b)], inputs);
    }

    /// <summary>An LSTM layer.</summary>
    public LstmLayer Lstm(string layer)
    {
        PackedMatrix Recurrent(string direction) => new(this[$"{layer}.weight_hh_l0{direction}"], [], Size.Hidden);
        return new LstmLayer(Recurrent(""), Recurrent("_reverse"));
    }
}
