using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Corl.Text;
using Corl.Text.Learnt;

namespace Corl.Cli;

/// <summary>Learns the parser of SPICE's scene graphs from a treebank that the original program parsed.</summary>
internal static class SpiceTraining
{
    private const int HeldOutOf = 10; // one image of so many
    private static readonly Argument<string> Treebank = new("treebank") { Description = "Folder of *.conllu.gz files, parsed by SPICE 1.0" };
    private static readonly Option<string> Out = new("--out") { Description = "The parser to write", Required = true, HelpName = "file" };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Passes of the parser over the treebank", DefaultValueFactory = _ => 8, HelpName = "n" };
    private static readonly Option<int> Fewest = new("--fewest-updates") { Description = "Leave out features that fewer updates have touched", DefaultValueFactory = _ => 3, HelpName = "n" };
    private static readonly Option<bool> HeldOut = new("--held-out") { Description = "Leave one image of ten out and measure on its captions after every round" };

    public static Verb Create() => new("spice", "Learn the parser of captions from a treebank of the original SPICE program", "corl data spice golden/spice --out assets/spice/parser.bin", Run)
    {
        Treebank, Out, Rounds, Fewest, HeldOut,
    };

    private static int Run(Session session)
    {
        var (folder, path) = (session.Value(Treebank), session.Value(Out)!);
        string[] files = Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.conllu.gz").Order(StringComparer.Ordinal)] : [];
        if (files.Length == 0)
        {
            throw new UserException($"{folder}: no *.conllu.gz in it; expected the treebank that SPICE 1.0 parsed");
        }

        TreeSentence[] sentences = [.. files.SelectMany(TreeSentence.Read)];
        bool IsHeldOut(TreeSentence sentence) => session.Value(HeldOut) && Features.Of(sentence.Image) / 64 % HeldOutOf == 0;
        var tested = sentences.Where(IsHeldOut).ToArray();
        var watch = Stopwatch.StartNew();
        var training = new ParserTraining([.. sentences.Where(sentence => !IsHeldOut(sentence))], line =>
        {
            session.Interrupt.ThrowIfCancellationRequested();
            session.Progress($"{watch.Elapsed:mm\\:ss} {line}");
        });
        training.Run(session.Value(Rounds), _ =>
        {
            if (tested.Length > 0)
            {
                var parser = ParserFile.Of(training.Tagger, training.Parser, session.Value(Fewest));
                session.Progress(Measured(parser, tested));
            }
        });
        ParserFile.Write(path, training.Tagger, training.Parser, session.Value(Fewest));
        if (tested.Length > 0)
        {
            var seen = sentences.Where(sentence => !IsHeldOut(sentence)).Select(sentence => SpiceAgreement.Key(sentence.Forms)).ToHashSet();
            var parser = ParserFile.Read(path);
            foreach (var line in SpiceAgreement.Table(folder, Spice.Java with { Parser = SpiceParser.Learnt(() => parser) }, seen))
            {
                session.Print(line);
            }
        }

        session.Print($"{path}: {new FileInfo(path).Length:N0} bytes, {sentences.Length - tested.Length} sentences, {watch.Elapsed.TotalSeconds:F0} s");
        session.Document(new { @out = path, bytes = new FileInfo(path).Length, sentences = sentences.Length - tested.Length, seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) });
        return Program.Done;
    }

    private static string Measured(LearntParser parser, TreeSentence[] sentences)
    {
        var (words, tags, heads, relations, whole) = (0, 0, 0, 0, 0);
        var watch = Stopwatch.StartNew();
        foreach (var sentence in sentences)
        {
            var tree = parser.Parse(sentence.Forms);
            var isWhole = true;
            for (var i = 1; i <= sentence.Forms.Length; i++)
            {
                var (isTag, isHead) = (tree.Tags[i] == sentence.Tags[i - 1], tree.Head(i) == sentence.Heads[i - 1]);
                var isRelation = isHead && tree.Relation(i) == sentence.Relations[i - 1];
                (words, tags, heads, relations) = (words + 1, tags + (isTag ? 1 : 0), heads + (isHead ? 1 : 0), relations + (isRelation ? 1 : 0));
                isWhole &= isTag && isRelation;
            }

            whole += isWhole ? 1 : 0;
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"held out: tags {100.0 * tags / words:F2} %, heads {100.0 * heads / words:F2} %, with relations {100.0 * relations / words:F2} %, whole {100.0 * whole / sentences.Length:F1} %, {sentences.Length / watch.Elapsed.TotalSeconds:F0} sentences/s");
    }
}
