using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>The multiset score on plain captions; expected values are counted by hand in the comments.</summary>
public sealed class MultisetSpiceTests
{
    private const double Ulps = 1e-15;
    private static readonly Spice Multiset = Spice.Clean with { IsMultiset = true };

    [Theory]
    [InlineData("two dogs", "two dogs", 1)]
    [InlineData("three dogs", "two dogs", 0.8)] // 3 and 2 dogs: 2 · 2 / 5
    [InlineData("a couple of dogs", "two dogs", 0.8)] // 2 dogs and the word "couple" against 2: 2 · 2 / 5
    [InlineData("a dog and a dog", "a dog", 2.0 / 3)] // 2 against 1
    [InlineData("a tennis racket", "a racket", 1)] // nobody asked for an attribute
    [InlineData("two large dogs", "two big dogs", 1)] // 2 dogs, 2 large; synonyms
    [InlineData("two large dogs", "a big dog", 2.0 / 3)] // 4 against 2
    [InlineData("a dog on a couch", "a dog and a sofa", 1)] // nobody asked for a relation
    [InlineData("a dog on a couch", "a dog on a sofa", 1)]
    [InlineData("a bicycle and a motorcycle", "a bike", 2.0 / 3)] // one to one: the set score is 4/3
    [InlineData("", "a dog", 0)]
    public void F_PlainCaptions_CountsObjects(string candidate, string reference, double f) => Assert.Equal(f, Multiset.Score(candidate, reference).F, Ulps);
}
