using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace Corl.Tests.Checkpoints;

/// <summary>An assembler for pickles and for the archives that hold them, after Python's Lib/pickle.py.</summary>
internal static class PickleBytes
{
    public static readonly byte[] OrderedDict = [.. Global("collections", "OrderedDict"), (byte)')', (byte)'R'];

    public static byte[] Program(params byte[][] body) => [0x80, 2, .. body.SelectMany(part => part), (byte)'.'];

    public static byte[] String(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [(byte)'X', .. length, .. bytes];
    }

    public static byte[] Integer(long value)
    {
        var bytes = new BigInteger(value).ToByteArray();
        return [0x8a, (byte)bytes.Length, .. bytes];
    }

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Global(string module, string name) => [(byte)'c', .. Encoding.UTF8.GetBytes($"{module}\n{name}\n")];

    public static byte[] Dict(params (string Key, byte[] Value)[] items) => [(byte)'}', (byte)'(', .. items.SelectMany(item => String(item.Key).Concat(item.Value)), (byte)'u'];

    public static byte[] Remember(byte index) => [(byte)'q', index];

    public static byte[] Recall(byte index) => [(byte)'h', index];

    /// <summary>A tensor of storage "0".</summary>
    public static byte[] Tensor(long count, long offset, long[] shape, long[] strides, string type = "FloatStorage")
        => [
            .. Global("torch._utils", "_rebuild_tensor_v2"),
            .. Tuple(
                [.. Tuple(String("storage"), Global("torch", type), String("0"), String("cpu"), Integer(count)), (byte)'Q'],
                Integer(offset), Tuple(Array.ConvertAll(shape, Integer)), Tuple(Array.ConvertAll(strides, Integer)), [0x89], OrderedDict),
            (byte)'R',
        ];

    /// <summary>Writes an archive with a pickle, storage "0" and more entries.</summary>
    public static void WriteArchive(string path, byte[] pickle, byte[] storage, params (string Name, byte[] Content)[] more)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(archive, "archive/data.pkl", pickle);
        Add(archive, "archive/data/0", storage);
        Array.ForEach(more, entry => Add(archive, entry.Name, entry.Content));
    }

    private static void Add(ZipArchive archive, string name, byte[] content)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(content);
    }
}
