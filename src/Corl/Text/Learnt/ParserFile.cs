using System.IO.Compression;

namespace Corl.Text.Learnt;

/// <summary>The file that ships a learnt parser: a mark, then the weights of the tagger and of the parser, compressed with Brotli.</summary>
internal static class ParserFile
{
    /// <summary>The shipped parser's half-built trees: more is slower and no nearer to the original.</summary>
    public const int Beam = 4;

    private const uint Mark = 0x31505343; // "CSP1"
    private const long MostBytes = 1 << 26; // unpacked; the shipped file has a third of it

    /// <summary>The parser that ships in the library.</summary>
    public static LearntParser Shipped()
    {
        const string Name = "parser.bin";
        using var stream = typeof(ParserFile).Assembly.GetManifestResourceStream(Name) ?? throw new InvalidOperationException($"{Name} is not in the library");
        return Read(stream, Name, Beam);
    }

    /// <summary>Reads a parser.</summary>
    /// <exception cref="UserException">The file is missing, of another kind or damaged.</exception>
    public static LearntParser Read(string path, int beam = Beam)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Read(file, path, beam);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({Quoted.Line(e.Message)})", e);
        }
    }

    private static LearntParser Read(Stream file, string name, int beam)
    {
        try
        {
            using var unpacked = new MemoryStream();
            using (var brotli = new BrotliStream(file, CompressionMode.Decompress))
            {
                var buffer = new byte[1 << 16];
                for (int got; (got = brotli.Read(buffer)) > 0;)
                {
                    unpacked.Write(buffer, 0, got);
                    if (unpacked.Length > MostBytes)
                    {
                        throw new InvalidDataException($"more than {MostBytes:N0} bytes");
                    }
                }
            }

            unpacked.Position = 0;
            using var reader = new BinaryReader(unpacked);
            if (reader.ReadUInt32() != Mark)
            {
                throw new InvalidDataException("another kind of file");
            }

            var tagger = new TagModel(FeatureWeights.Read(reader, Grammar.Tags.Length));
            return new LearntParser(tagger, FeatureWeights.Read(reader, ParseState.Actions), beam);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or InvalidOperationException or FormatException)
        {
            throw new UserException($"{name}: no usable parser ({Quoted.Line(e.Message)}); make it anew with corl data spice, or install the program again", e);
        }
    }

    /// <summary>The parser that <see cref="Write"/> would write.</summary>
    public static LearntParser Of(LearningWeights tagger, LearningWeights parser, int fewestUpdates, int beam = Beam) =>
        new(new TagModel(FeatureWeights.Of(tagger, fewestUpdates, Grammar.Tags.Length)), FeatureWeights.Of(parser, fewestUpdates, ParseState.Actions), beam);

    /// <summary>Writes a learnt parser.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tagger">The tagger's weights.</param>
    /// <param name="parser">The parser's weights.</param>
    /// <param name="fewestUpdates">Features that fewer updates have touched are left out.</param>
    public static void Write(string path, LearningWeights tagger, LearningWeights parser, int fewestUpdates) => AtomicFile.Write(path, stream =>
    {
        using var brotli = new BrotliStream(stream, CompressionLevel.SmallestSize, leaveOpen: true);
        using var writer = new BinaryWriter(brotli);
        writer.Write(Mark);
        FeatureWeights.Write(writer, tagger.Averages(fewestUpdates), tagger.Scale());
        FeatureWeights.Write(writer, parser.Averages(fewestUpdates), parser.Scale());
    });
}
