using Corl.Cli;
using Corl.Shapes;
using Corl.Tests.Text.Parsing;
using Corl.Text;
using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

public sealed class LearntParserTests
{
    private static readonly string[] Oddities =
        ["", " \t\n", "... !!! ???", "\ud800 \udc00 a dog \ud83d", "'s 's n't ' '' cannot don't ( ] {", "\0\u202e\u200b", "ﬁ ǆ ß İ ı", "a\u0301\u0301\u0301 dog", "😀😀", "$5,000.00%"];

    [Fact]
    public void Tokens_FuzzedText_FormATreeWithOneRoot()
    {
        var sentences = RandomNetwork.Sentences(0, count: 3000, longest: 20);
        foreach (var (sentence, tokens) in sentences.Zip(LearntParser.Shared.Tokens(sentences)))
        {
            Assert.Equal(sentence, tokens.Select(token => token.Form));
            Assert.Single(tokens, token => token.Head == 0);
            foreach (var token in tokens)
            {
                var (at, steps) = (token, 0);
                for (; at.Head > 0; at = tokens[at.Head - 1])
                {
                    Assert.True(++steps <= tokens.Length, "a circle in: " + string.Join(' ', sentence));
                }
            }
        }
    }

    [Fact]
    public void Facts_Batch_AreThoseOfEachCaptionAlone()
    {
        string[] captions = [.. Captions().Take(300), .. Oddities];
        var together = SpiceParser.Java.Facts(captions);
        Assert.Equal(captions.Length, together.Length);
        foreach (var (caption, facts) in captions.Zip(together))
        {
            Assert.Equal(SpiceParser.Java.Facts(caption), facts);
        }

        Assert.Empty(SpiceParser.Java.Facts((IReadOnlyList<string>)[]));
        Assert.Equal(together.Reverse(), SpiceParser.Java.Facts((string[])[.. captions.Reverse()]));
    }

    [Fact]
    public void Facts_ThirtyThousandChangedCaptions_DoNotThrow()
    {
        var captions = Captions().ToArray();
        for (var block = 0; block < 15; block++)
        {
            var random = CounterRng.Named((ulong)block, "changed captions");
            var changed = Enumerable.Range(0, 2000).Select(_ => Changed(captions, ref random)).ToArray();
            Assert.All(SpiceParser.Java.Facts(changed), facts => Assert.All(facts, fact => Assert.NotEmpty(fact.Subject)));
        }
    }

    [Theory]
    [InlineData("a dog and ")]
    [InlineData("a dog on the mat. ")]
    [InlineData("x")]
    [InlineData("(")]
    public void Score_TenMegabytes_EndsSoon(string pattern)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Spice.Captions.Score(string.Concat(Enumerable.Repeat(pattern, 10_000_000 / pattern.Length)), "a dog");
        Assert.True(clock.Elapsed.TotalSeconds < 20, $"{clock.Elapsed}");
    }

    [Fact]
    public void Score_ManyThreads_GiveOneResult()
    {
        string[] captions = ["a man riding a horse", "two dogs run on a beach", "a large red bus is parked next to a tall building", "There is a cat on the couch."];
        var expected = captions.SelectMany(a => captions.Select(b => Spice.Java.Score(a, b))).ToArray();
        Parallel.For(0, 32, i =>
        {
            var graphs = Spice.Java.Graphs([.. captions.Skip(i % 4), .. captions.Take(i % 4)]); // as a batch, in another order
            SceneGraph Graph(int caption) => graphs[(caption + 4 - (i % 4)) % 4];
            Assert.Equal(expected, Enumerable.Range(0, 16).Select(pair => i % 2 == 0 ? Spice.Java.Score(captions[pair / 4], captions[pair % 4]) : Spice.Java.Score(Graph(pair / 4), Graph(pair % 4))));
        });
    }

    [Theory]
    [InlineData("a dog on a mat", "A dog on a mat.")]
    [InlineData("A dog on a mat!", "a dog on a mat!")]
    public void Captions_FullStopAndCapital_MakeNoDifference(string a, string b)
    {
        // The same words are the same sentence: P = R = 1.
        Assert.Equal(1, Spice.Captions.Score(a, b).F);
        Assert.Equal(Spice.Captions.Graph(a).Tuples, Spice.Captions.Graph(b).Tuples);
    }

    [Fact]
    public void Training_SmallTreebank_IsLearntByHeart()
    {
        TreeSentence[] sentences = [.. TreeSentence.Read(GoldenFiles.Path("spice/treebank.conllu.gz")).Where(sentence => sentence.Forms.Length == 7).Take(16)]; // one batch
        using var folder = new TemporaryFolder();
        using var training = new ParserTraining(sentences, seed: 0);
        new TrainingLoop(folder.Path, _ => { }, default).Run(training.Phase("network", epochs: 220));
        ParserFile.Write(folder.File("parser.bin"), training.Words.Words, [training.Network.Weights()]);
        var trees = ParserFile.Read(folder.File("parser.bin")).Trees([.. sentences.Select(sentence => sentence.Forms)]);
        var whole = sentences.Zip(trees).Count(pair => pair.First.Tags.SequenceEqual(pair.Second.Tags)
            && pair.First.Heads.SequenceEqual(pair.Second.Heads.Select(head => (short)head)) && pair.First.Relations.SequenceEqual(pair.Second.Relations));
        Assert.True(whole >= 12, $"{whole} of {sentences.Length}");
    }

    private static IEnumerable<string> Captions() => ParsedCaption.Read(GoldenFiles.Path("spice/treebank.conllu.gz")).Select(caption => caption.Text);

    // Words left out, doubled, swapped for those of other captions, broken inside or put in capitals, and oddities between them.
    private static string Changed(string[] captions, ref CounterRng random)
    {
        var words = random.Choice(captions).Split(' ').ToList();
        for (var changes = random.Below(5); changes > 0 && words.Count > 0; changes--)
        {
            var at = random.Below(words.Count);
            switch (random.Below(6))
            {
                case 0:
                    words.RemoveAt(at);
                    break;
                case 1:
                    words.Insert(at, words[at]);
                    break;
                case 2:
                    words[at] = random.Choice(random.Choice(captions).Split(' '));
                    break;
                case 3:
                    words[at] = words[at].Insert(random.Below(words[at].Length + 1), ((char)random.Below(0x10000)).ToString());
                    break;
                case 4:
                    words[at] = words[at].ToUpperInvariant();
                    break;
                default:
                    words.Insert(at, random.Choice(Oddities));
                    break;
            }
        }

        return string.Join(' ', words);
    }
}
