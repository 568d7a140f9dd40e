using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class CaptionWordsRewardTests
{
    [Theory]
    [InlineData("a red star", "a photo of a red star", 1)]
    [InlineData("a star", "a red star", 2 * 1 / 3.0)]                                            // one of one, one of two
    [InlineData("a blue star and a red circle", "a red star and a blue circle", 1)]              // who has which colour is not seen
    [InlineData("a circle left of a star", "a star left of a circle", 1)]                        // nor who is left of whom
    [InlineData("three squares", "two squares", 0.5)]
    [InlineData("a red star, a red circle", "a red star and a blue circle", 2 * 3 / 8.0)]        // the second "red" is one too many
    [InlineData("a red star", "a red star and a red circle", 2 * 2 / 6.0)]                       // its one "red" counts once
    [InlineData("", "a star", 0)]
    public void Overlap_Captions_IsTheFScoreOfTheirWords(string caption, string prompt, double expected) =>
        Close.To(expected, CaptionWordsReward.Overlap(caption, prompt), 1e-6);
}
