using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Corl.Text.Learnt;

/// <summary>
/// A bidirectional LSTM layer over sentences of several lengths, the longest first. A step is one product for all sentences that are that
/// long.
/// </summary>
/// <param name="recurrent">What the last outputs give to the gates: input, forget, cell and output.</param>
/// <param name="recurrentBack">The same backwards.</param>
internal sealed class LstmLayer(PackedMatrix recurrent, PackedMatrix recurrentBack)
{
    private readonly int _hidden = recurrent.Inputs;

    /// <summary>Runs both directions.</summary>
    /// <param name="gates">[rows, 8 · hidden] what the inputs give to the gates, forwards and backwards; overwritten.</param>
    /// <param name="batch">The sentences.</param>
    /// <param name="output">[rows, 2 · hidden] forwards and backwards.</param>
    /// <param name="cells">[sentences, hidden] room to work in.</param>
    public void Run(Span<float> gates, SentenceBatch batch, Span<float> output, Span<float> cells)
    {
        var (strideIn, strideOut, lengths) = (8 * _hidden, 2 * _hidden, batch.Counts);
        cells.Clear();
        var row = 0;
        for (var (t, before) = (0, 0); t < lengths.Length; t++)
        {
            if (t > 0)
            {
                recurrent.Add(output[(before * strideOut)..], strideOut, lengths[t], gates[(row * strideIn)..], strideIn);
            }

            Step(gates[(row * strideIn)..], strideIn, output[(row * strideOut)..], strideOut, cells, lengths[t]);
            (before, row) = (row, row + lengths[t]);
        }

        gates = gates[(4 * _hidden)..];
        output = output[_hidden..];
        cells.Clear();
        for (var (t, after) = (lengths.Length - 1, row); t >= 0; t--)
        {
            row -= lengths[t];
            if (t + 1 < lengths.Length)
            {
                recurrentBack.Add(output[(after * strideOut)..], strideOut, lengths[t + 1], gates[(row * strideIn)..], strideIn);
            }

            Step(gates[(row * strideIn)..], strideIn, output[(row * strideOut)..], strideOut, cells, lengths[t]);
            after = row;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Step(ReadOnlySpan<float> gates, int strideIn, Span<float> output, int strideOut, Span<float> cells, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            var gate = gates.Slice(row * strideIn, 4 * _hidden).AsVectors();
            var cell = cells.Slice(row * _hidden, _hidden).AsVectors();
            var h = output.Slice(row * strideOut, _hidden).AsVectors();
            var units = cell.Length;
            for (var i = 0; i < units; i++)
            {
                // σ(x) = 1 / (1 + e^−x) and tanh x = (1 − e^−2x) / (1 + e^−2x), products with one division.
                var (input, forget, update, exit) = (Exp(-gate[i]), Exp(-gate[units + i]), Exp(-2 * gate[(2 * units) + i]), Exp(-gate[(3 * units) + i]));
                var one = Vector512<float>.One;
                cell[i] = (cell[i] / (one + forget)) + ((one - update) / ((one + input) * (one + update)));
                var shown = Exp(-2 * cell[i]);
                h[i] = (one - shown) / ((one + exit) * (one + shown));
            }
        }
    }

    // e^x to one part in ten million, the same bits on every processor: 2^n · e^r with r within ± ln 2 / 2, the coefficients those of
    // Cephes' expf (Moshier). Beyond ± 40 a gate is fully open or closed, and the products above stay finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp(Vector512<float> x)
    {
        const float Bound = 40, Round = 12582912; // 1.5 · 2^23: adding it leaves the nearest whole number in the lowest bits
        x = Vector512.MaxNative(Vector512.MinNative(x, Vector512.Create(Bound)), Vector512.Create(-Bound));
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504f), Vector512.Create(Round)); // 1 / ln 2
        var n = shifted - Vector512.Create(Round);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x); // ln 2 in two parts
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512<float>.One;
        return (p.AsInt32() + Vector512.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
    }
}
