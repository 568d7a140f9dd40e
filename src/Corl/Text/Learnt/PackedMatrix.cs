using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Corl.Text.Learnt;

/// <summary>
/// A matrix that rows are multiplied by: y = b + x · W. Each sum runs over the inputs in rising order with fused multiply-adds, whatever the
/// number of rows and the width of the processor's vectors, so that a row's result never depends on the rows beside it.
/// </summary>
internal sealed unsafe class PackedMatrix
{
    /// <summary>Numbers in a vector.</summary>
    public const int Lanes = 16;

    private const int Panel = 4 * Lanes; // columns that lie side by side for one input
    private const int Tile = 4; // rows at a time: sixteen sums stay in registers
    private readonly float[] _weights; // [panel, input, column]
    private readonly float[] _bias;

    /// <summary>Packs weights.</summary>
    /// <param name="weights">[outputs, inputs]</param>
    /// <param name="bias">[outputs]; empty for zeros.</param>
    /// <param name="inputs">Inputs.</param>
    public PackedMatrix(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int inputs)
    {
        Inputs = inputs;
        var outputs = weights.Length / inputs;
        Outputs = (outputs + Panel - 1) / Panel * Panel;
        (_weights, _bias) = (new float[Outputs * inputs], new float[Outputs]);
        bias.CopyTo(_bias);
        for (var output = 0; output < outputs; output++)
        {
            var (panel, column) = Math.DivRem(output, Panel);
            for (var input = 0; input < inputs; input++)
            {
                _weights[(((panel * inputs) + input) * Panel) + column] = weights[(output * inputs) + input];
            }
        }
    }

    public int Inputs { get; }

    /// <summary>Columns of a result: the outputs and zeros up to a whole panel.</summary>
    public int Outputs { get; }

    /// <summary>y = b + x · W.</summary>
    /// <param name="x">[rows, <see cref="Inputs"/>]</param>
    /// <param name="strideX">How far apart the rows are.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">[rows, <see cref="Outputs"/>]</param>
    /// <param name="strideY">How far apart the rows are.</param>
    public void Multiply(ReadOnlySpan<float> x, int strideX, int rows, Span<float> y, int strideY)
    {
        for (var row = 0; row < rows; row++)
        {
            _bias.CopyTo(y[(row * strideY)..]);
        }

        Add(x, strideX, rows, y, strideY);
    }

    /// <summary>y += b + x · W.</summary>
    public void AddWithBias(ReadOnlySpan<float> x, int strideX, int rows, Span<float> y, int strideY)
    {
        for (var row = 0; row < rows; row++)
        {
            VectorSpans.Add(y.Slice(row * strideY, Outputs), _bias);
        }

        Add(x, strideX, rows, y, strideY);
    }

    /// <summary>y += x · W.</summary>
    public void Add(ReadOnlySpan<float> x, int strideX, int rows, Span<float> y, int strideY)
    {
        if (rows == 0)
        {
            return;
        }

        _ = (x[((rows - 1) * strideX) + Inputs - 1], y[((rows - 1) * strideY) + Outputs - 1]); // all that the pointers reach
        fixed (float* weights = _weights, from = x, to = y)
        {
            for (var panel = 0; panel < Outputs; panel += Panel)
            {
                for (var row = 0; row < rows; row += Tile)
                {
                    // The last row fills up the last tile: it is computed and written several times over.
                    var (a, b, c, d) = (row, Math.Min(row + 1, rows - 1), Math.Min(row + 2, rows - 1), Math.Min(row + 3, rows - 1));
                    float* xa = from + (a * strideX), xb = from + (b * strideX), xc = from + (c * strideX), xd = from + (d * strideX);
                    float* ya = to + (a * strideY) + panel, yb = to + (b * strideY) + panel, yc = to + (c * strideY) + panel, yd = to + (d * strideY) + panel;
                    if (Vector512.IsHardwareAccelerated)
                    {
                        AddTile(weights + (panel * Inputs), Inputs, xa, xb, xc, xd, ya, yb, yc, yd);
                        continue;
                    }

                    for (var column = 0; column < Panel; column += Lanes)
                    {
                        AddNarrow(weights + (panel * Inputs) + column, Inputs, xa, xb, xc, xd, ya + column, yb + column, yc + column, yd + column);
                    }
                }
            }
        }
    }

    // Four rows by a panel. Compiled at its best at once: preparing a network runs it before the runtime would.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTile(float* w, int inputs, float* xa, float* xb, float* xc, float* xd, float* ya, float* yb, float* yc, float* yd)
    {
        var (a0, a1, a2, a3) = (Vector512.Load(ya), Vector512.Load(ya + 16), Vector512.Load(ya + 32), Vector512.Load(ya + 48));
        var (b0, b1, b2, b3) = (Vector512.Load(yb), Vector512.Load(yb + 16), Vector512.Load(yb + 32), Vector512.Load(yb + 48));
        var (c0, c1, c2, c3) = (Vector512.Load(yc), Vector512.Load(yc + 16), Vector512.Load(yc + 32), Vector512.Load(yc + 48));
        var (d0, d1, d2, d3) = (Vector512.Load(yd), Vector512.Load(yd + 16), Vector512.Load(yd + 32), Vector512.Load(yd + 48));
        for (var i = 0; i < inputs; i++, w += Panel)
        {
            var (w0, w1, w2, w3) = (Vector512.Load(w), Vector512.Load(w + 16), Vector512.Load(w + 32), Vector512.Load(w + 48));
            var x = Vector512.Create(xa[i]);
            (a0, a1) = (Vector512.FusedMultiplyAdd(x, w0, a0), Vector512.FusedMultiplyAdd(x, w1, a1));
            (a2, a3) = (Vector512.FusedMultiplyAdd(x, w2, a2), Vector512.FusedMultiplyAdd(x, w3, a3));
            x = Vector512.Create(xb[i]);
            (b0, b1) = (Vector512.FusedMultiplyAdd(x, w0, b0), Vector512.FusedMultiplyAdd(x, w1, b1));
            (b2, b3) = (Vector512.FusedMultiplyAdd(x, w2, b2), Vector512.FusedMultiplyAdd(x, w3, b3));
            x = Vector512.Create(xc[i]);
            (c0, c1) = (Vector512.FusedMultiplyAdd(x, w0, c0), Vector512.FusedMultiplyAdd(x, w1, c1));
            (c2, c3) = (Vector512.FusedMultiplyAdd(x, w2, c2), Vector512.FusedMultiplyAdd(x, w3, c3));
            x = Vector512.Create(xd[i]);
            (d0, d1) = (Vector512.FusedMultiplyAdd(x, w0, d0), Vector512.FusedMultiplyAdd(x, w1, d1));
            (d2, d3) = (Vector512.FusedMultiplyAdd(x, w2, d2), Vector512.FusedMultiplyAdd(x, w3, d3));
        }

        Store(ya, a0, a1, a2, a3);
        Store(yb, b0, b1, b2, b3);
        Store(yc, c0, c1, c2, c3);
        Store(yd, d0, d1, d2, d3);
    }

    private static void Store(float* y, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3)
    {
        v0.Store(y);
        v1.Store(y + 16);
        v2.Store(y + 32);
        v3.Store(y + 48);
    }

    // Four rows by one vector, for processors with fewer and shorter registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddNarrow(float* w, int inputs, float* xa, float* xb, float* xc, float* xd, float* ya, float* yb, float* yc, float* yd)
    {
        var (a0, a1, b0, b1) = (Vector256.Load(ya), Vector256.Load(ya + 8), Vector256.Load(yb), Vector256.Load(yb + 8));
        var (c0, c1, d0, d1) = (Vector256.Load(yc), Vector256.Load(yc + 8), Vector256.Load(yd), Vector256.Load(yd + 8));
        for (var i = 0; i < inputs; i++, w += Panel)
        {
            var (w0, w1) = (Vector256.Load(w), Vector256.Load(w + 8));
            var x = Vector256.Create(xa[i]);
            (a0, a1) = (Vector256.FusedMultiplyAdd(x, w0, a0), Vector256.FusedMultiplyAdd(x, w1, a1));
            x = Vector256.Create(xb[i]);
            (b0, b1) = (Vector256.FusedMultiplyAdd(x, w0, b0), Vector256.FusedMultiplyAdd(x, w1, b1));
            x = Vector256.Create(xc[i]);
            (c0, c1) = (Vector256.FusedMultiplyAdd(x, w0, c0), Vector256.FusedMultiplyAdd(x, w1, c1));
            x = Vector256.Create(xd[i]);
            (d0, d1) = (Vector256.FusedMultiplyAdd(x, w0, d0), Vector256.FusedMultiplyAdd(x, w1, d1));
        }

        a0.Store(ya);
        a1.Store(ya + 8);
        b0.Store(yb);
        b1.Store(yb + 8);
        c0.Store(yc);
        c1.Store(yc + 8);
        d0.Store(yd);
        d1.Store(yd + 8);
    }
}
