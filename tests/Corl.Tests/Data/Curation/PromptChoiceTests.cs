using Corl.Data.Curation;

namespace Corl.Tests.Data.Curation;

/// <summary>The choice of a prompt by entity coverage, on cases worked by hand.</summary>
public sealed class PromptChoiceTests
{
    private static readonly EntityLexicon Lexicon = new(new HashSet<string> { "girl", "throat", "kitchen", "field", "sky", "festival", "basket", "skateboarder" });

    [Theory]
    // {girl, carrot} of {girl, carrot, throat}; the other caption names a child and a kitchen.
    [InlineData("The girl may choke: the carrot blocks her throat.", "a girl eating a carrot|a child in a kitchen", 0, 2.0 / 3)]
    // An ice cream truck is a truck beside ice cream; kites are a kite.
    [InlineData("A truck, a kite and a field.", "people at a festival|an ice cream truck parked in a field with kites flying in the sky", 1, 1)]
    // Equal coverage: more entities, then 6 to 20 words, then the smaller id.
    [InlineData("a dog", "a dog|a dog in a basket", 1, 1)]
    [InlineData("a dog", "a dog|my dog is so very very big", 1, 1)]
    [InlineData("a dog", "the dog|a dog", 0, 1)]
    // A word with another ending is nearly the word: 2·10/(10+12) > 0.85.
    [InlineData("a skateboarder", "a skateboard|a cat", 0, 1)]
    [InlineData("Two men on a sofa with a bike.", "a man with a bicycle near a couch", 0, 1)]
    public void Choose_HandCases_TakesTheCaptionThatCoversMost(string solution, string captions, int chosen, double coverage)
    {
        Caption[] all = [.. captions.Split('|').Select((text, i) => new Caption(i, text))];
        var choice = PromptChoice.Choose(all, solution, Lexicon)!;
        Assert.Equal(chosen, choice.Caption.Id);
        Assert.Equal(coverage, choice.Coverage, 12);
    }

    [Theory]
    [InlineData("What is it? Because of the way it is.")] // nothing is named
    [InlineData("The zebra runs.")]                        // no caption names it
    public void Choose_NothingCovered_IsNone(string solution) =>
        Assert.Null(PromptChoice.Choose([new Caption(1, "a girl eating a carrot")], solution, Lexicon));

    [Fact]
    public void Choose_VisibleOnly_LeavesOutWhatNeitherCaptionsNorLabelsName()
    {
        // girl, carrot, throat, dog: the throat is named nowhere, the dog by a label alone.
        const string Solution = "The girl's throat, the carrot and the dog.";
        Caption[] captions = [new Caption(1, "a girl eating a carrot")];
        Assert.Equal(2.0 / 4, PromptChoice.Choose(captions, Solution, Lexicon)!.Coverage, 12);
        Assert.Equal(1, PromptChoice.Choose(captions, Solution, Lexicon, isVisibleOnly: true)!.Coverage, 12);
        Assert.Equal(2.0 / 3, PromptChoice.Choose(captions, Solution, Lexicon, new HashSet<string> { "dog" }, isVisibleOnly: true)!.Coverage, 12);
    }

    [Theory]
    [InlineData("Two DOGS.", "dog")]
    [InlineData("children riding bikes", "bicycle child")]
    [InlineData("a view of the top of a building", "building")] // view and top speak of the picture
    [InlineData("a standing man is walking and eating", "man")]
    [InlineData("an old man at it while he is with us in the park or past it", "man park")] // "at", "it" and "he" are nouns too, in a dictionary
    [InlineData("a red hot dog on a dining table", "dining table,hot dog")]
    public void Nouns_OfAText_AreLemmasWithoutVerbsAndPictureWords(string text, string nouns) =>
        Assert.Equal(nouns.Contains(',', StringComparison.Ordinal) ? nouns.Split(',') : nouns.Split(' '), EntityLexicon.Nouns(text).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Two DOGS.", false, "two DOGS")]
    [InlineData("Two DOGS.", true, "two dogs")]
    [InlineData("  A  man\n riding. . ", false, "a man riding")]
    [InlineData("TV on a shelf", false, "TV on a shelf")]
    public void Prompt_OfACaption_HasNoStopAndASmallLetter(string caption, bool isLowerCase, string prompt) => Assert.Equal(prompt, PromptChoice.Prompt(caption, isLowerCase));

    [Theory]
    // Means of the k largest: 1, 1, .833, .75, .64, so .64 is .06 and .75 is .05 from .70.
    [InlineData(new[] { 1, 0.5, 1, 0.2, 0.5 }, 0.7, 0.5, 0.75)]
    // The zero is dropped whatever the threshold: the mean over the rest is .6.
    [InlineData(new[] { 0.6, 0, 0.6 }, 0.7, 0.6, 0.6)]
    // .9 and .5 are equally near: the smaller threshold keeps more.
    [InlineData(new[] { 0.9, 0.1 }, 0.7, 0.1, 0.5)]
    public void Threshold_GivesTheMean(double[] coverages, double mean, double threshold, double reached)
    {
        var found = PromptChoice.Threshold(coverages, mean);
        Assert.Equal((threshold, reached), (found.Threshold, Math.Round(found.Mean, 12)));
    }

    [Fact]
    public void Of_Counts_TakesNounsThatAreFrequentEnough()
    {
        var lexicon = EntityLexicon.Of(new Dictionary<string, int> { ["harbor"] = 20, ["castle"] = 19 }, fewest: 20);
        Assert.Equal(["boat", "harbor"], lexicon.Entities("boats in a harbor below a castle").Order());
    }
}
