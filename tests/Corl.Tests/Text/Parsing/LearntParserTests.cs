using Corl.Text;
using Corl.Text.Learnt;

namespace Corl.Tests.Text.Parsing;

public sealed class LearntParserTests
{
    [Fact]
    public void Tokens_FuzzedText_FormATreeWithOneRoot()
    {
        string[] words = ["a", "The", "dogs", "riding", "is", "of", "front", "and", ",", "left", "'s", "n't", "-LRB-", "``", ".", "42", "😀", "\ud800", "x-y", "?"];
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var random = CounterRng.Named(seed, "fuzz");
            string[] sentence = [.. Enumerable.Range(0, 1 + random.Below(20)).Select(_ => random.Choice(words))];
            var tokens = LearntParser.Shared.Tokens(sentence);
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

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n")]
    [InlineData("... !!! ???")]
    [InlineData("\ud800 \udc00 a dog \ud83d")]
    [InlineData("'s 's n't ' '' cannot don't ( ] {")]
    public void Facts_Oddities_DoNotThrow(string caption) => Assert.All(SpiceParser.Java.Facts(caption), fact => Assert.NotEmpty(fact.Subject));

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
        Parallel.For(0, 64, _ => Assert.Equal(expected, captions.SelectMany(a => captions.Select(b => Spice.Java.Score(a, b)))));
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
    public void Read_DamagedFile_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        using var shipped = typeof(Spice).Assembly.GetManifestResourceStream("parser.bin")!;
        var bytes = new byte[shipped.Length];
        shipped.ReadExactly(bytes);
        foreach (var damaged in new[] { [], bytes[..100], bytes[..(bytes.Length / 2)], [.. bytes[..1000], .. new byte[1000], .. bytes[2000..]] })
        {
            File.WriteAllBytes(folder.File("parser.bin"), damaged);
            var error = Assert.Throws<UserException>(() => ParserFile.Read(folder.File("parser.bin")));
            Assert.StartsWith(folder.File("parser.bin"), error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void Averages_OneFeature_AreTheMeanOverTime()
    {
        // +1 at time 1, −3 more at time 3, read at time 4: values 0, 1, 1, −2 over four steps, of which the update's own step has the old value.
        var weights = new LearningWeights { Now = 1 };
        ulong[] feature = [0x123456789ABCDEF0];
        weights.Update(feature, 7, 1);
        weights.Now = 3;
        weights.Update(feature, 7, -3);
        weights.Now = 4;
        var (_, entries) = Assert.Single(weights.Averages(fewestUpdates: 2));
        Assert.Equal((7, (0 + 1 + 1 - 2) / 4f), entries.Single());
        Assert.Empty(weights.Averages(fewestUpdates: 3));
        var scores = new float[8];
        weights.Score(feature, scores);
        Assert.Equal(-2, scores[7]);
    }

    [Fact]
    public void Training_SmallTreebank_IsLearntByHeart()
    {
        TreeSentence[] sentences = [.. TreeSentence.Read(GoldenFiles.Path("spice/treebank.conllu.gz")).Take(40)];
        var training = new ParserTraining(sentences, _ => { });
        training.Run(rounds: 12);
        using var folder = new TemporaryFolder();
        ParserFile.Write(folder.File("parser.bin"), training.Tagger, training.Parser, fewestUpdates: 1);
        var parser = ParserFile.Read(folder.File("parser.bin"));
        var whole = sentences.Count(sentence =>
        {
            var tokens = parser.Tokens(sentence.Forms);
            return tokens.Index().All(token => token.Item.Head == sentence.Heads[token.Index] && token.Item.Relation == Grammar.Relations[sentence.Relations[token.Index]]);
        });
        Assert.True(whole >= 32, $"{whole} of 40");
    }
}
