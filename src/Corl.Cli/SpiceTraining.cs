using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Corl.Shapes;
using Corl.Text;
using Corl.Text.Learnt;

namespace Corl.Cli;

/// <summary>Learns the parser of SPICE's scene graphs from a treebank that the original program parsed.</summary>
internal static class SpiceTraining
{
    private const int HeldOutOf = 10; // one image of so many
    private static readonly Argument<string> Treebank = new("treebank") { Description = "Folder of *.conllu.gz files, parsed by SPICE 1.0" };
    private static readonly Option<string> Out = new("--out") { Description = "The parser to write", Required = true, HelpName = "file" };
    private static readonly Option<int> Networks = new("--networks") { Description = "Networks that vote, from different seeds", DefaultValueFactory = _ => 2, HelpName = "n" };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Passes over the treebank", DefaultValueFactory = _ => 16, HelpName = "n" };

    public static Verb Create() => new("spice", "Learn the parser of captions from a treebank of the original SPICE program", "corl data spice golden/spice --out assets/spice/parser.bin", Run)
    {
        Treebank, Out, Networks, Rounds,
    };

    private static int Run(Session session)
    {
        session.OpenDevice();
        var (folder, path) = (session.Value(Treebank), session.Value(Out)!);
        string[] files = Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.conllu.gz").Order(StringComparer.Ordinal)] : [];
        if (files.Length == 0)
        {
            throw new UserException($"{folder}: no *.conllu.gz in it; expected the treebank that SPICE 1.0 parsed");
        }

        if (session.Value(Networks) is < 1 or > ParserFile.MostNetworks || session.Value(Rounds) < 1)
        {
            throw new UserException($"--networks {session.Value(Networks)} --rounds {session.Value(Rounds)}: expected 1 to {ParserFile.MostNetworks} networks and at least one round");
        }

        TreeSentence[] sentences = [.. files.SelectMany(TreeSentence.Read)];
        TreeSentence[] learnt = [.. sentences.Where(sentence => !IsHeldOut(sentence))];
        var watch = Stopwatch.StartNew();
        var states = path + ".training"; // a killed training goes on from here
        var loop = new TrainingLoop(states, line => session.Progress($"{watch.Elapsed:mm\\:ss} {line}"), session.Interrupt);
        ParserTraining[] trainings = [.. Enumerable.Range(0, session.Value(Networks)).Select(i => new ParserTraining(learnt, (session.Seed ?? 0) + (ulong)i))];
        foreach (var (i, training) in trainings.Index())
        {
            loop.Run(training.Phase($"network {i + 1}", session.Value(Rounds)));
        }

        ParserFile.Write(path, trainings[0].Words.Words, [.. trainings.Select(training => training.Network.Weights())]);
        Directory.Delete(states, recursive: true);

        var parser = ParserFile.Read(path); // what is measured is what ships
        session.Print(Measured(parser, [.. sentences.Where(IsHeldOut)]));
        foreach (var line in SpiceAgreement.Table(folder, Spice.Java with { Parser = SpiceParser.Learnt(() => parser) }, [.. learnt.Select(sentence => SpiceAgreement.Key(sentence.Forms))]))
        {
            session.Print(line);
        }

        session.Print($"{path}: {new FileInfo(path).Length:N0} bytes, {learnt.Length} sentences, {watch.Elapsed.TotalSeconds:F0} s");
        session.Document(new { @out = path, bytes = new FileInfo(path).Length, sentences = learnt.Length, seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) });
        return Program.Done;
    }

    private static bool IsHeldOut(TreeSentence sentence) => LetterHash.Of(sentence.Image) / 64 % HeldOutOf == 0;

    private static string Measured(LearntParser parser, TreeSentence[] sentences)
    {
        var watch = Stopwatch.StartNew();
        var trees = parser.Trees([.. sentences.Select(sentence => sentence.Forms)]);
        var seconds = watch.Elapsed.TotalSeconds;
        var (words, tags, heads, relations, whole) = (0, 0, 0, 0, 0);
        foreach (var (sentence, tree) in sentences.Zip(trees))
        {
            var isWhole = true;
            for (var i = 0; i < sentence.Forms.Length; i++)
            {
                var (isTag, isHead) = (tree.Tags[i] == sentence.Tags[i], tree.Heads[i] == sentence.Heads[i]);
                var isRelation = isHead && tree.Relations[i] == sentence.Relations[i];
                (words, tags, heads, relations) = (words + 1, tags + (isTag ? 1 : 0), heads + (isHead ? 1 : 0), relations + (isRelation ? 1 : 0));
                isWhole &= isTag && isRelation;
            }

            whole += isWhole ? 1 : 0;
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"held out: {sentences.Length} sentences, tags {100.0 * tags / words:F2} %, heads {100.0 * heads / words:F2} %, with relations {100.0 * relations / words:F2} %, whole {100.0 * whole / sentences.Length:F1} %, {sentences.Length / seconds:F0} sentences/s");
    }
}
