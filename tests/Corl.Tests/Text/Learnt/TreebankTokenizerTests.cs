using Corl.Tests.Text.Parsing;
using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

public sealed class TreebankTokenizerTests
{
    [Theory]
    [InlineData("spice/treebank.conllu.gz")]
    [InlineData("spice/treebank_stops.conllu.gz")]
    public void Sentences_GoldenCaptions_AreTheOriginalsWords(string file)
    {
        var (faults, count) = (new List<string>(), 0);
        foreach (var caption in ParsedCaption.Read(GoldenFiles.Path(file)))
        {
            count++;
            var expected = caption.Sentences.Select(sentence => string.Join(' ', sentence.Select(token => token.Form)));
            var words = TreebankTokenizer.Sentences(caption.Text).Select(sentence => string.Join(' ', sentence));
            if (!words.SequenceEqual(expected))
            {
                faults.Add($"{caption.Text}: {string.Join(" / ", words)} instead of {string.Join(" / ", expected)}");
            }
        }

        Assert.True(faults.Count <= count / 2000, $"{faults.Count} of {count}:\n{string.Join('\n', faults.Take(40))}");
    }
}
