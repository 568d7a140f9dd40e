namespace Corl.Text.Learnt;

/// <summary>The sizes of the parser's network.</summary>
/// <param name="Words">Known words.</param>
/// <param name="Width">Numbers that a word is to the network.</param>
/// <param name="Hidden">Units of each of the two LSTM layers in each direction.</param>
/// <param name="Pair">Numbers by which two words are compared.</param>
internal readonly record struct NetworkSize(int Words, int Width, int Hidden, int Pair)
{
    private const int MostWords = 1 << 16; // bounds what a damaged file can ask for: 150 MB
    private const int MostUnits = 512;

    /// <summary>Whether a network of this size can be: widths are whole vectors.</summary>
    public bool IsSound => Words is >= 0 and <= MostWords && IsWidth(Width) && IsWidth(Hidden) && IsWidth(Pair);

    /// <summary>The weights by libtorch's names, with rows and columns; a vector is one row.</summary>
    public IEnumerable<(string Name, int Rows, int Columns)> Parameters()
    {
        yield return ("table.weight", WordRows.RowsFor(Words), Width);
        foreach (var (layer, inputs) in new[] { ("first", Width), ("second", 2 * Hidden) })
        {
            foreach (var direction in new[] { "", "_reverse" })
            {
                yield return ($"{layer}.weight_ih_l0{direction}", 4 * Hidden, inputs);
                yield return ($"{layer}.weight_hh_l0{direction}", 4 * Hidden, Hidden);
                yield return ($"{layer}.bias_ih_l0{direction}", 1, 4 * Hidden);
                yield return ($"{layer}.bias_hh_l0{direction}", 1, 4 * Hidden);
            }
        }

        foreach (var (layer, outputs, inputs) in new[]
        {
            ("tags", Grammar.Tags.Length, 2 * Hidden), ("pairs", 4 * Pair, 2 * Hidden), ("arcs", Pair, Pair), ("relations", Grammar.Relations.Length, Pair),
        })
        {
            yield return (layer + ".weight", outputs, inputs);
            yield return (layer + ".bias", 1, outputs);
        }

        yield return ("root", 2, Pair);
    }

    private static bool IsWidth(int units) => units is > 0 and <= MostUnits && units % PackedMatrix.Lanes == 0;
}
