using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Corl.Checkpoints;

/// <summary>
/// Runs a pickle as far as weights need it: protocol 2 with 29 of its opcodes, the names of <see cref="PickleObjects"/>, and nothing
/// that could call, import or build anything else. Values, steps and text are counted, so that a small file cannot ask for much.
/// </summary>
internal ref struct PickleMachine
{
    /// <summary>Longest pickle, in bytes. Ours: a tensor takes about 200, the 20 000 tensors that the limits below allow 4 MB.</summary>
    public const int MaxBytes = 16 << 20;

    // Ours. A tensor takes 22 values and 40 steps, so that 20 000 tensors fit; the costliest value, a dictionary, takes 100 bytes.
    private const int MaxValues = 500_000;
    private const int MaxSteps = 2_000_000;

    // Ours: "torch._utils" and the like are far shorter.
    private const int MaxGlobalBytes = 200;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _code;
    private readonly PickleObjects _objects;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at, _values, _text;

    private PickleMachine(ReadOnlySpan<byte> code, PickleObjects objects)
    {
        _code = code;
        _objects = objects;
    }

    /// <summary>Runs one pickle.</summary>
    /// <param name="code">Starts with the pickle; more may follow.</param>
    /// <param name="objects">What the pickle may refer to.</param>
    /// <param name="length">How many bytes the pickle has.</param>
    /// <returns>Its value, as <see cref="PickleFunction"/>'s file lists them; InvalidDataException with the reason otherwise.</returns>
    public static object? Run(ReadOnlySpan<byte> code, PickleObjects objects, out int length)
    {
        var machine = new PickleMachine(code, objects);
        var start = 0;
        try
        {
            for (var steps = 0; ; steps++)
            {
                start = machine._at;
                Malformed.Unless(steps < MaxSteps, $"it has more than {MaxSteps} steps");
                var opcode = (PickleOpcode)machine.Take(1)[0];
                if (opcode == PickleOpcode.Stop)
                {
                    length = machine._at;
                    Malformed.Unless(machine._stack.Count == 1 && machine._marks.Count == 0, $"it ends with {machine._stack.Count} values instead of one");
                    return machine._stack[0];
                }

                machine.Execute(opcode);
            }
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"pickle, byte {start}{machine.Near()}: {error.Message}", error);
        }
    }

    private void Execute(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto: CheckProtocol(Take(1)[0]); break;
            case PickleOpcode.Mark: Count(); _marks.Add(_stack.Count); break;
            case PickleOpcode.None: Push(null); break;
            case PickleOpcode.NewTrue: Push(true); break;
            case PickleOpcode.NewFalse: Push(false); break;
            case PickleOpcode.BinInt: Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case PickleOpcode.BinInt1: Push((long)Take(1)[0]); break;
            case PickleOpcode.BinInt2: Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case PickleOpcode.Long1: PushInteger(new BigInteger(Take(Take(1)[0]))); break;
            case PickleOpcode.BinFloat: Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case PickleOpcode.BinUnicode: Push(Text(TakeLong(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))), StrictUtf8)); break;
            case PickleOpcode.ShortBinString: Push(Text(Take(Take(1)[0]), Encoding.Latin1)); break;
            case PickleOpcode.EmptyDict: Push(new PickleDict(isOrdered: false)); break;
            case PickleOpcode.EmptyList: Push(new List<object?>()); break;
            case PickleOpcode.EmptyTuple: Push(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple1: Push(Pop(1)); break;
            case PickleOpcode.Tuple2: Push(Pop(2)); break;
            case PickleOpcode.Tuple3: Push(Pop(3)); break;
            case PickleOpcode.Tuple: Push(PopToMark()); break;
            case PickleOpcode.Append: Append(Pop(1)); break;
            case PickleOpcode.Appends: Append(PopToMark()); break;
            case PickleOpcode.SetItem: SetItems(Pop(2)); break;
            case PickleOpcode.SetItems: SetItems(PopToMark()); break;
            case PickleOpcode.BinPut: Remember(Take(1)[0]); break;
            case PickleOpcode.LongBinPut: Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case PickleOpcode.BinGet: Push(Recall(Take(1)[0])); break;
            case PickleOpcode.LongBinGet: Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case PickleOpcode.Global: Push(PickleObjects.Global(Line(), Line())); break;
            case PickleOpcode.BinPersId: Push(_objects.Storage(Pop(1)[0])); break;
            case PickleOpcode.Reduce: Reduce(); break;
            case PickleOpcode.Build: Build(); break;
            default:
                var name = Enum.IsDefined(opcode) ? opcode.ToString() : $"0x{(byte)opcode:x2}";
                throw new InvalidDataException($"opcode {name} is not one that weights need (torch.save writes protocol 2); the file is damaged or holds more than weights");
        }
    }

    private static void CheckProtocol(byte protocol) => Malformed.Unless(protocol <= 5, $"protocol {protocol} is unknown (torch.save writes 2)");

    private void Reduce()
    {
        var call = Pop(2);
        Push(PickleObjects.Call(call[0], call[1]));
    }

    // Only a module's state_dict carries attributes: "_metadata", versions of its parts, of no use here.
    private void Build()
    {
        var state = Pop(1)[0];
        Malformed.Unless(Top() is PickleDict { IsOrdered: true } && state is PickleDict, "attributes are set on something that is not an OrderedDict");
    }

    private readonly void Append(object?[] values)
    {
        var list = Top() as List<object?> ?? throw new InvalidDataException("values are appended to something that is not a list");
        list.AddRange(values);
    }

    private readonly void SetItems(object?[] items)
    {
        var dict = Top() as PickleDict ?? throw new InvalidDataException("entries are added to something that is not a dictionary");
        Malformed.Unless(items.Length % 2 == 0, "a key has no value");
        for (var i = 0; i < items.Length; i += 2)
        {
            dict.Add(items[i], items[i + 1]);
        }
    }

    private readonly void Remember(uint index)
    {
        Malformed.Unless(_memo.Count < MaxValues, $"it remembers more than {MaxValues} values");
        _memo[index] = Top();
    }

    private readonly object? Recall(uint index) => _memo.TryGetValue(index, out var value) ? value : throw new InvalidDataException($"it recalls value {index}, which it never stored");

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private void PushInteger(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
        {
            Push((long)value);
        }
        else
        {
            Push(value);
        }
    }

    private void Count() => Malformed.Unless(++_values <= MaxValues, $"it makes more than {MaxValues} values");

    private readonly object? Top()
    {
        Malformed.Unless(_stack.Count > Floor(), "the stack is empty");
        return _stack[^1];
    }

    private readonly object?[] Pop(int count)
    {
        Malformed.Unless(_stack.Count - count >= Floor(), "the stack is empty");
        var values = CollectionsMarshal.AsSpan(_stack)[^count..].ToArray();
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private readonly object?[] PopToMark()
    {
        Malformed.Unless(_marks.Count > 0, "a mark is missing");
        var values = Pop(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    // Values below the last mark belong to an outer list.
    private readonly int Floor() => _marks.Count > 0 ? _marks[^1] : 0;

    private ReadOnlySpan<byte> Take(int count) => TakeLong((uint)count);

    private ReadOnlySpan<byte> TakeLong(uint count)
    {
        Malformed.Unless(count <= _code.Length - _at, $"{count} bytes are wanted, but {_code.Length - _at} are left; the file is cut short");
        _at += (int)count;
        return _code.Slice(_at - (int)count, (int)count);
    }

    private string Line()
    {
        var length = _code[_at..].IndexOf((byte)'\n');
        Malformed.Unless(length is >= 0 and <= MaxGlobalBytes, "a name has no end");
        return Text(Take(length + 1)[..length], StrictUtf8);
    }

    private string Text(ReadOnlySpan<byte> bytes, Encoding encoding)
    {
        _text += bytes.Length;
        Malformed.Unless(_text <= Bounds.TextBytes, $"it holds more than {Bounds.TextBytes} bytes of text");
        try
        {
            return encoding.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException("a string is not UTF-8", error);
        }
    }

    // The key of the entry at work: the last string of the innermost stretch of the stack that belongs to a dictionary.
    private readonly string Near()
    {
        var end = _stack.Count;
        for (var i = _marks.Count; i >= 0; i--)
        {
            var start = i == 0 ? 0 : _marks[i - 1];
            if ((start == 0 || _stack[start - 1] is PickleDict) && _stack.GetRange(start, end - start).FindLast(value => value is string) is string name)
            {
                return $" near {Quoted.Name(name)}";
            }

            end = start;
        }

        return "";
    }
}
