using Corl.Checkpoints;
using static Corl.Tests.Checkpoints.PickleBytes;

namespace Corl.Tests.Checkpoints;

public sealed class PickleMachineTests
{
    [Fact]
    public void Run_IntegersOfEveryLength_KeepTheirValues()
    {
        long[] values = [0, 1, -1, 255, -129, int.MaxValue, (long)int.MaxValue + 1, long.MaxValue, long.MinValue];
        var result = PickleMachine.Run(Program(Tuple(Array.ConvertAll(values, Integer))), new PickleObjects(), out _);
        Assert.Equal(values.Cast<object>(), Assert.IsType<object?[]>(result));
    }

    [Fact]
    public void Run_OrderedDictOfPython2_IsMadeOfPairs()
    {
        byte[] pair = [(byte)']', .. String("w"), (byte)'a', .. Integer(7), (byte)'a'];
        var code = Program(Global("collections", "OrderedDict"), [(byte)']'], pair, [(byte)'a', 0x85, (byte)'R']);
        var dict = Assert.IsType<PickleDict>(PickleMachine.Run(code, new PickleObjects(), out _));
        Assert.Equal(7L, dict.Find("w"));
    }

    // The costliest pickles up to the limits and beyond: one kind of value again and again.
    [Theory]
    [InlineData("}")]     // dictionaries
    [InlineData("]")]     // lists
    [InlineData("(")]     // marks
    [InlineData("N\u0085")] // tuples
    [InlineData("Nr")]    // memo entries, with growing index
    [InlineData("K\u0001")] // numbers
    [InlineData("}K\u0001Ns")] // dictionaries with an entry
    [InlineData("U\u0001a")] // strings
    public void Run_OneOperationRepeated_StaysInTimeAndMemory(string operation)
    {
        var code = new List<byte> { 0x80, 2 };
        for (var i = 0; code.Count < PickleMachine.MaxBytes && i < 600_000; i++)
        {
            code.AddRange(operation.Select(letter => (byte)letter));
            if (operation[^1] == 'r')
            {
                code.AddRange(BitConverter.GetBytes(i));
            }
        }

        var bytes = code.ToArray();
        Bounded.Run(() => Assert.Throws<InvalidDataException>(() => PickleMachine.Run(bytes, new PickleObjects(), out _)));
    }
}
