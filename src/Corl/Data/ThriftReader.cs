namespace Corl.Data;

/// <summary>
/// Reads the compact protocol of Apache Thrift (thrift-compact-protocol.md), as far as a Parquet footer and page header need it. The bytes
/// are hostile until proven otherwise: every length is held against the bytes that are left and nesting is bounded. Errors are
/// <see cref="InvalidDataException"/>; the caller names the file.
/// </summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> data)
{
    public const int Int32 = 5, Int64 = 6, Binary = 8, List = 9, Set = 10, Map = 11, Struct = 12; // wire types
    private const int MaxDepth = 32; // ours; the deepest structure of the format is 7
    private readonly ReadOnlySpan<byte> _data = data;

    public int Position { get; private set; }

    /// <summary>
    /// The next field of a struct: its id and wire type, or false at the struct's end. <paramref name="id"/> starts at 0 and must grow, as
    /// every writer has it: a field given twice would be read differently by another reader.
    /// </summary>
    public bool NextField(ref int id, out int type)
    {
        var header = Byte();
        type = header & 15;
        if (header == 0)
        {
            return false;
        }

        var next = header >> 4 is var step and not 0 ? id + step : Integer();
        id = next > id && next <= short.MaxValue ? (int)next : throw new InvalidDataException($"field {next} after field {id}");
        return true;
    }

    public long Integer()
    {
        var raw = Varint();
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    /// <summary>How many elements follow, and their type; an element takes at least one byte, so the count is bounded by what is left.</summary>
    public int ListOf(out int elementType)
    {
        var header = Byte();
        elementType = header & 15;
        var count = header >> 4 is var small and not 15 ? (ulong)small : Varint();
        return count <= (ulong)(_data.Length - Position) ? (int)count : throw new InvalidDataException($"a list of {count} elements in {_data.Length - Position} bytes");
    }

    /// <summary>Skips a value of a wire type.</summary>
    public void Skip(int type, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException("nested too deeply");
        }

        switch (type)
        {
            case 1 or 2: // a Boolean field has its value in the type
                break;
            case 3:
                Advance(1);
                break;
            case 4 or Int32 or Int64:
                Varint();
                break;
            case 7:
                Advance(8);
                break;
            case Binary:
                Advance(Varint());
                break;
            case List or Set:
                for (var left = ListOf(out var element); left > 0; left--)
                {
                    SkipElement(element, depth);
                }

                break;
            case Map:
                SkipMap(depth);
                break;
            case Struct:
                var id = 0;
                while (NextField(ref id, out var field))
                {
                    Skip(field, depth + 1);
                }

                break;
            default:
                throw new InvalidDataException($"unknown type {type}");
        }
    }

    private void SkipElement(int type, int depth)
    {
        if (type is 1 or 2)
        {
            Advance(1); // inside a container a Boolean takes a byte
        }
        else
        {
            Skip(type, depth + 1);
        }
    }

    private void SkipMap(int depth)
    {
        var count = Varint();
        if (count > (ulong)(_data.Length - Position))
        {
            throw new InvalidDataException($"a map of {count} entries");
        }

        var types = count == 0 ? 0 : Byte();
        for (; count > 0; count--)
        {
            SkipElement(types >> 4, depth);
            SkipElement(types & 15, depth);
        }
    }

    private int Byte() => Position < _data.Length ? _data[Position++] : throw new EndOfStreamException("the data end in the middle of a value");

    private void Advance(ulong bytes)
    {
        if (bytes > (ulong)(_data.Length - Position))
        {
            throw new EndOfStreamException("the data end in the middle of a value");
        }

        Position += (int)bytes;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number of more than ten bytes");
    }
}
