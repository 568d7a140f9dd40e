using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

public sealed class PackedMatrixTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 45, 7)]
    [InlineData(4, 64, 16)]
    [InlineData(9, 130, 33)]
    public void Multiply_AnyShape_IsTheSumInRisingOrder(int rows, int outputs, int inputs)
    {
        float[] Draw(string name, int count) { var random = CounterRng.Named(0, name); return [.. Enumerable.Range(0, count).Select(_ => (float)random.Normal())]; }
        var (weights, bias, strideX) = (Draw("w", outputs * inputs), Draw("b", outputs), inputs + 2);
        var x = Draw("x", rows * strideX);
        var matrix = new PackedMatrix(weights, bias, inputs);
        var strideY = matrix.Outputs + 3;
        var y = Enumerable.Repeat(9f, rows * strideY).ToArray();
        matrix.Multiply(x, strideX, rows, y, strideY);
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < matrix.Outputs; output++)
            {
                var sum = output < outputs ? bias[output] : 0;
                for (var input = 0; input < inputs && output < outputs; input++)
                {
                    sum = MathF.FusedMultiplyAdd(x[(row * strideX) + input], weights[(output * inputs) + input], sum);
                }

                Assert.Equal(sum, y[(row * strideY) + output]); // to the last bit
            }

            Assert.All(y.AsSpan((row * strideY) + matrix.Outputs, 3).ToArray(), untouched => Assert.Equal(9, untouched));
        }
    }

    [Fact]
    public void Add_RoomThatIsTooSmall_IsRefused()
    {
        var matrix = new PackedMatrix(new float[64 * 8], [], 8);
        Assert.Throws<IndexOutOfRangeException>(() => matrix.Add(new float[15], 8, 2, new float[128], 64));
        Assert.Throws<IndexOutOfRangeException>(() => matrix.Add(new float[16], 8, 2, new float[127], 64));
    }
}
