using System.Runtime.InteropServices;
using System.Text;

namespace Corl.Text.Learnt;

/// <summary>
/// The file that ships a learnt parser, little-endian: a mark, the number of networks, their four sizes, the number of bytes of the known
/// words, the words in UTF-8 with line feeds between them, then each network's weights in half precision in the order of
/// <see cref="NetworkSize.Parameters"/>.
/// </summary>
internal static class ParserFile
{
    /// <summary>Networks that a file can hold.</summary>
    public const int MostNetworks = 8;

    private const uint Mark = 0x32505343; // "CSP2"
    private const int HeadBytes = 7 * sizeof(int);
    private const int MostWordBytes = 1 << 22;

    /// <summary>The parser that ships in the library.</summary>
    public static LearntParser Shipped()
    {
        const string Name = "parser.bin";
        using var stream = typeof(ParserFile).Assembly.GetManifestResourceStream(Name) ?? throw new InvalidOperationException($"{Name} is not in the library");
        return Read(stream, Name);
    }

    /// <summary>Reads a parser.</summary>
    /// <exception cref="UserException">The file is missing, of another kind or damaged.</exception>
    public static LearntParser Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Read(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({Quoted.Line(e.Message)})", e);
        }
    }

    /// <summary>Writes a parser; each weight becomes the nearest number of half precision.</summary>
    /// <param name="path">The file.</param>
    /// <param name="words">Words that the networks know, in lower case, the most frequent first.</param>
    /// <param name="networks">The networks, all of one size.</param>
    public static void Write(string path, IReadOnlyList<string> words, IReadOnlyList<ParserWeights> networks) => AtomicFile.Write(path, stream =>
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        var (size, text) = (networks[0].Size, Encoding.UTF8.GetBytes(string.Join('\n', words)));
        writer.Write(Mark);
        foreach (var number in new[] { networks.Count, size.Words, size.Width, size.Hidden, size.Pair, text.Length })
        {
            writer.Write(number);
        }

        writer.Write(text);
        foreach (var value in networks.SelectMany(network => size.Parameters().SelectMany(parameter => network[parameter.Name])))
        {
            writer.Write((Half)value);
        }
    });

    private static LearntParser Read(Stream file, string name)
    {
        try
        {
            using var reader = new BinaryReader(file);
            return Read(reader);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw new UserException($"{name}: no usable parser ({Quoted.Line(e.Message)}); make it anew with corl data spice, or install the program again", e);
        }
    }

    private static LearntParser Read(BinaryReader reader)
    {
        if (reader.ReadUInt32() != Mark)
        {
            throw new InvalidDataException("another kind of file");
        }

        var networks = reader.ReadInt32();
        var size = new NetworkSize(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var wordBytes = reader.ReadInt32();
        if (networks is < 1 or > MostNetworks || !size.IsSound || wordBytes is < 0 or > MostWordBytes)
        {
            throw new InvalidDataException($"{networks} networks of {size.Words} words, width {size.Width}, {size.Hidden} units and {size.Pair} for pairs");
        }

        var expected = HeadBytes + wordBytes + (2L * networks * size.Parameters().Sum(parameter => (long)parameter.Rows * parameter.Columns));
        if (reader.BaseStream.Length != expected)
        {
            throw new InvalidDataException($"{reader.BaseStream.Length:N0} bytes, expected {expected:N0}");
        }

        var words = Words(reader.ReadBytes(wordBytes), size.Words);
        return new LearntParser(words, Enumerable.Range(0, networks)
            .Select(_ => new ParserWeights(size, size.Parameters().ToDictionary(parameter => parameter.Name, parameter => Values(reader, parameter)))));
    }

    private static string[] Words(byte[] bytes, int count)
    {
        string[] words = bytes.Length == 0 ? [] : Encoding.UTF8.GetString(bytes).Split('\n');
        return words.Length == count && words.Distinct().Count() == count ? words : throw new InvalidDataException($"{words.Length} words, expected {count} different ones");
    }

    private static float[] Values(BinaryReader reader, (string Name, int Rows, int Columns) parameter)
    {
        var halves = new Half[parameter.Rows * parameter.Columns];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(halves.AsSpan()));
        var values = new float[halves.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Half.IsFinite(halves[i]) ? (float)halves[i] : throw new InvalidDataException($"{parameter.Name} has a weight that is not a number");
        }

        return values;
    }
}
