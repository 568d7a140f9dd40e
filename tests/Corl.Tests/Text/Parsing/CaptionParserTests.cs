using Corl.Text;
using Corl.Text.Parsing;

namespace Corl.Tests.Text.Parsing;

public sealed class CaptionParserTests
{
    // The facts are hand-derived from the sentence, "subject | target | relation" or "object | attribute" or "object".
    [Theory]
    [InlineData("a young man in a red shirt rides a horse", "man | young; shirt | red; man | shirt | in; man | horse | ride; man; shirt; horse")]
    [InlineData("there are two cows standing in a grassy field", "cow | two; field | grassy; cow | field | stand in; cow; field")]
    [InlineData("a bunch of bananas sitting on top of a counter", "banana | a; banana | counter | sit on top of; bunch; banana; counter")]
    [InlineData("the dog's owner is holding a leash", "dog | owner | have; owner | leash | hold; dog; owner; leash")]
    [InlineData("a man and woman walking their dogs", "man | dog | walk; man | dog | have; man; woman; dog")]
    [InlineData("a pizza that has been cut into slices", "pizza; slice")]
    [InlineData("the plate is full of food", "plate | full; plate | full; plate; food")] // two rules see the adjective
    [InlineData("a dog left of a cat", "dog | cat | left of; dog; cat")]
    [InlineData("a man sits and a woman stands", "man | sit; woman | stand; man; woman")]
    [InlineData("A TALL MAN HOLDS A RED BAT.", "man | tall; bat | red; man | bat | hold; man; bat")]
    [InlineData("a cat. two dogs", "cat; dog | two; dog")]
    [InlineData("a woman gives the dog a bone", "woman | dog | give; woman | bone | give; woman; dog; bone")]
    public void Facts_PlainCaption_AreWhatItSays(string caption, string facts) =>
        Assert.Equal(facts.Split("; ").Order(StringComparer.Ordinal), SpiceParser.Clean.Facts(caption).Where(fact => !fact.IsCountOnly).Select(Printed).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("... !!! ???")]
    [InlineData("\ud800 \udc00 a dog \ud83d")]
    [InlineData("of of of the the and and to to is is")]
    [InlineData("'s 's n't ' '' cannot don't")]
    public void Facts_Oddities_DoNotThrow(string caption) => Assert.All(SpiceParser.Clean.Facts(caption), fact => Assert.NotEmpty(fact.Subject));

    [Fact]
    public void Facts_FuzzedText_DoNotThrowAndFormATree()
    {
        string[] words =
        [
            "a", "the", "two", "dog", "dogs", "man", "red", "is", "are", "riding", "rides", "on", "of", "in", "front", "and", ",", "that", "who",
            "to", "left", "there", "while", "his", "them", "'s", "not", "has", "been", "cut", "lot", "with", "quickly", "up", "."
        ];
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var random = CounterRng.Named(seed, "fuzz");
            var caption = string.Join(' ', Enumerable.Range(0, 1 + random.Below(25)).Select(_ => random.Choice(words)));
            foreach (var sentence in CaptionTokenizer.Sentences(caption))
            {
                AssertTree(CaptionParser.Parse(sentence), caption);
            }

            _ = Spice.Clean.Score(caption, "a man riding a horse");
        }
    }

    [Fact]
    public void Score_LongRepetition_IsThatOfOneOccurrence()
    {
        var loop = "a man with a hat" + string.Concat(Enumerable.Repeat(" and a hat", 20));
        Assert.Equal(Spice.Clean.Score("a man with a hat", "a man with a hat"), Spice.Clean.Score(loop, "a man with a hat"));
    }

    [Theory]
    [InlineData("a dog and ")]
    [InlineData("a dog on ")]
    [InlineData("it ")]
    [InlineData("running ")]
    [InlineData("red ")]
    [InlineData("x")]
    [InlineData("that is ")]
    public void Score_TenMegabytes_EndsSoon(string pattern)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Spice.Clean.Score(string.Concat(Enumerable.Repeat(pattern, 10_000_000 / pattern.Length)), "a dog");
        Assert.True(clock.Elapsed.TotalSeconds < 20, $"{clock.Elapsed}");
    }

    [Fact]
    public void Score_ManyThreads_GiveOneResult()
    {
        string[] captions = ["a man riding a horse", "two dogs run on a beach", "a large red bus is parked next to a tall building", "there is a cat on the couch"];
        var expected = captions.SelectMany(a => captions.Select(b => Spice.Clean.Score(a, b))).ToArray();
        Parallel.For(0, 64, _ => Assert.Equal(expected, captions.SelectMany(a => captions.Select(b => Spice.Clean.Score(a, b)))));
    }

    private static void AssertTree(ParsedToken[] tokens, string caption)
    {
        Assert.True(tokens.Count(token => token.Head == 0) <= 1, caption);
        foreach (var token in tokens)
        {
            var (at, steps) = (token, 0);
            for (; at.Head > 0; at = tokens[at.Head - 1])
            {
                Assert.True(++steps <= tokens.Length, "a circle in: " + caption);
            }
        }
    }

    private static string Printed(SceneFact fact) => fact switch
    {
        { Attribute: { } attribute } => $"{fact.Subject} | {attribute}",
        { Relation: { } relation } => $"{fact.Subject} | {fact.Target} | {relation}",
        _ => fact.Subject,
    };
}
