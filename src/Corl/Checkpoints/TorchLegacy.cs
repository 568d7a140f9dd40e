using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Corl.Checkpoints;

/// <summary>
/// A PyTorch checkpoint before 1.6: five pickles (a mark, the protocol, the writer's machine, the tensors, the keys of the storages), then
/// for every storage its length, 8 bytes, and its numbers. Numbers are rarely aligned in such a file, so that they are copied when read.
/// </summary>
internal static class TorchLegacy
{
    // torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION.
    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    private const long Protocol = 1001;

    /// <summary>Reads and checks what the stream declares; InvalidDataException with the reason otherwise.</summary>
    public static FileContent Read(MappedFile file, bool unwrap)
    {
        var objects = new PickleObjects();
        var at = 0L;
        if (Next(file, objects, ref at) is not BigInteger magic || magic != Magic)
        {
            throw new InvalidDataException("a pickle, but not a PyTorch checkpoint");
        }

        if (Next(file, objects, ref at) is not Protocol)
        {
            throw new InvalidDataException($"its protocol is not {Protocol}");
        }

        if (Next(file, objects, ref at) is not PickleDict machine || machine.Find("little_endian") is not true)
        {
            throw new InvalidDataException("its numbers are not little-endian; save it again on a little-endian machine");
        }

        var value = Next(file, objects, ref at);
        var keys = Next(file, objects, ref at) as List<object?> ?? throw new InvalidDataException("it has no list of storages");
        var places = Places(file, keys, objects, at);
        return TorchWeights.Find(value, file, declared => places.GetValueOrDefault(declared.Key)
            ?? throw new InvalidDataException($"its storage {Quoted.Name(declared.Key)} is not in the file"), unwrap);
    }

    private static object? Next(MappedFile file, PickleObjects objects, ref long at)
    {
        var value = PickleMachine.Run(file.Bytes(at, (int)Math.Min(file.Length - at, PickleMachine.MaxBytes)), objects, out var length);
        at += length;
        return value;
    }

    private static Dictionary<string, Storage> Places(MappedFile file, List<object?> keys, PickleObjects objects, long at)
    {
        var places = new Dictionary<string, Storage>();
        foreach (var item in keys)
        {
            var key = item as string ?? throw new InvalidDataException("the key of a storage is not a string");
            var what = $"storage {Quoted.Name(key)}";
            var declared = objects.Declared(key) ?? throw new InvalidDataException($"{what} belongs to no tensor");
            var available = file.Length - at - sizeof(long);
            var count = available < 0 ? -1 : BinaryPrimitives.ReadInt64LittleEndian(file.Bytes(at, sizeof(long)));
            if (available < declared.Count * Dtypes.Size(declared.Class.Dtype))
            {
                throw new InvalidDataException($"{what} is not whole; the file is cut short, download it again");
            }

            if (count != declared.Count)
            {
                throw new InvalidDataException($"{what} has {count} numbers, but {declared.Count} are declared");
            }

            if (!places.TryAdd(key, new Storage(file, declared.Class.Dtype, at + sizeof(long), count)))
            {
                throw new InvalidDataException($"{what} is listed twice");
            }

            at += sizeof(long) + (count * Dtypes.Size(declared.Class.Dtype));
        }

        return places;
    }
}
