using Corl.Data.Curation;
using Corl.Imaging;

namespace Corl.Tests.Data.Curation;

/// <summary>The parts of selection: texts, options, duplicates, exclusions.</summary>
public sealed class SelectionTests
{
    private static readonly string[] Words = ["a", "the", "red", "small", "dog", "cat", "kite", "field", "running", "umbrella", "two", "on", "in"];

    [Fact]
    public void MultipleChoice_Text_IsTheLayoutOfFigureFive()
    {
        var problem = new Problem { Id = "1", Question = "What may choke her?", Choices = ["bread", "carrot", "milk"], Correct = 1, Rationale = "It is <think>hard</think>." };
        var text = ProblemText.MultipleChoice(problem, [2, 1, 0]);
        Assert.StartsWith("Question: What may choke her?\nOptions:\nA. milk\nB. carrot\nC. bread\n\nAnswer the question", text.Question, StringComparison.Ordinal);
        Assert.Equal("<think>It is hard.</think><answer>B</answer>", text.Solution);
        Assert.Null(text.Fault(3, "carrot"));
    }

    [Theory]
    [InlineData("a red kite", null, "a red kite")]
    [InlineData("1,234", null, "1234")]
    [InlineData("12,34", null, "12,34")]
    [InlineData("a very large red kite", "the answer is too long", null)]
    [InlineData("three hundred and five thousand two", null, "three hundred and five thousand two")] // a number, however many words
    [InlineData("...", "the answer does not read back as itself", null)]
    public void OpenEnded_Answer_MustReadBackAsItself(string answer, string? fault, string? written)
    {
        var text = ProblemText.OpenEnded(new Problem { Id = "1", Question = "What?", Answer = answer });
        Assert.Equal(fault, text.Fault(3, null));
        Assert.True(written is null || text.Solution == $"<answer>{written}</answer>", text.Solution);
    }

    [Fact]
    public void MultipleChoice_ChoicesThatReadAlike_AreRefused()
    {
        // "the dog" and "dog" are one answer to the reward, so that the text alone would not say which.
        var twice = new Problem { Id = "1", Question = "What?", Choices = ["dog", "the dog", "cat"], Correct = 0 };
        Assert.Equal("the answer does not read back as itself", ProblemText.MultipleChoice(twice, [0, 1, 2]).Fault(3, "dog"));
        // The text of the right choice is another one's letter.
        var letters = new Problem { Id = "1", Question = "Which letter?", Choices = ["B", "A"], Correct = 0 };
        Assert.Equal("the answer does not read back as itself", ProblemText.MultipleChoice(letters, [0, 1]).Fault(3, "B"));
    }

    [Fact]
    public void Arrange_ManyProblems_BalancesTheLettersWhateverTheyWere()
    {
        var used = new int[OptionOrder.Letters.Length];
        var firsts = new HashSet<string>();
        for (var i = 0; i < 401; i++)
        {
            var problem = new Problem { Id = $"{i}", Question = "?", Choices = ["w", "x", "y", "z"], Correct = 2 }; // always C in the source
            var order = OptionOrder.Arrange(problem, used, CounterRng.Named(1, $"{i}"));
            Assert.Equal([0, 1, 2, 3], order.Order());
            used[Array.IndexOf(order, 2)]++;
            firsts.Add(string.Join(' ', order));
        }

        Assert.All(used[..4], count => Assert.InRange(count, 100, 101));
        Assert.Equal(24, firsts.Count); // every order occurs
    }

    [Theory]
    [InlineData("all of the above", null)]
    [InlineData("both A and B", null)]
    [InlineData("neither of these", null)]
    [InlineData("a kite", "So the answer is (C).")]
    [InlineData("a kite", "Option B is wrong.")]
    public void Arrange_OptionsThatNameEachOther_KeepTheirOrder(string option, string? rationale)
    {
        var problem = new Problem { Id = "1", Question = "?", Choices = ["x", "y", option], Correct = 2, Rationale = rationale };
        Assert.Equal([0, 1, 2], OptionOrder.Arrange(problem, [0, 0, 9, .. new int[11]], CounterRng.Named(1, "a")));
    }

    [Fact]
    public void Arrange_OrdinaryOptions_AreShuffled() =>
        Assert.False(OptionOrder.IsFixed(new Problem { Id = "1", Question = "?", Choices = ["a bathroom", "A", "none"], Rationale = "A man (tall) has an option here, and a choice." }));

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.7)]
    [InlineData(0.9)]
    public void NearDuplicates_FindsExactlyWhatComparingAllPairsFinds(double limit)
    {
        var random = new CounterRng(3);
        var index = new NearDuplicates(limit);
        List<HashSet<string>> accepted = [];
        var found = 0;
        for (var i = 0; i < 400; i++)
        {
            string[] words = random.Sample(Words, 2 + random.Below(10));
            var text = string.Join(' ', words);
            var set = NearDuplicates.Words(text);
            var expected = accepted.Exists(other => NearDuplicates.Jaccard(set, other) > limit || set.SetEquals(other));
            Assert.Equal(expected, index.Contains(text));
            found += expected ? 1 : 0;
            if (!expected)
            {
                index.Add(text);
                accepted.Add(set);
            }
        }

        Assert.InRange(found, 20, 380); // both outcomes were seen
    }

    [Fact]
    public void ImageHash_ScaledAndCompressed_IsNearItself_OtherImagesAreNot()
    {
        var photo = Picture(7, 200, 150);
        var small = ImageCodec.Decode(ImageCodec.EncodeJpeg(Resize.Bicubic(photo, 100, 75)), "small");
        Assert.InRange(ImageHash.Of(photo).Distance(ImageHash.Of(small)), 0, 4);
        Assert.InRange(ImageHash.Of(photo).Distance(ImageHash.Of(Picture(8, 200, 150))), 40, 256);
        Assert.Equal(0, ImageHash.Of(photo).Distance(ImageHash.Of(photo)));
        Assert.Equal(256, new ImageHash(0, 0, 0, 0).Distance(new ImageHash(~0UL, ~0UL, ~0UL, ~0UL)));
    }

    [Fact]
    public void Exclusions_ReadsNumbersAndIdsFromAnyList()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("pope.json"), "{\"question_id\": 1, \"image\": \"COCO_val2014_000000310196.jpg\", \"text\": \"Is there a snowboard?\"}\n{\"question_id\": 2, \"image\": \"COCO_val2014_000000210789.jpg\"}\n");
        File.WriteAllText(folder.File("ids.txt"), "22MexNkBPpdZGX6sxbxVBH\n139\n\nnot an id\n");
        File.WriteAllText(folder.File("val.json"), """[{"question_id": "22jbM6gDxdaMaunuzgrsBB", "image_id": 461751}]""");
        File.WriteAllText(folder.File("table.tsv"), "index\timage\n1\t/9j/" + new string('A', 200_000) + "000000000042AAAA1234567890123\n");
        var exclusions = Exclusions.Read(new[] { "pope.json", "ids.txt", "val.json", "table.tsv" }.Select(folder.File));
        bool Has(string id, long? coco) => exclusions.HasId(new Problem { Id = id, Question = "?", CocoId = coco });
        Assert.All(new long[] { 310196, 210789, 139, 461751, 42 }, number => Assert.True(Has("x", number), $"{number}"));
        Assert.All(new[] { "22MexNkBPpdZGX6sxbxVBH", "22jbM6gDxdaMaunuzgrsBB" }, id => Assert.True(Has(id, null), id));
        Assert.False(Has("other", 140));
        Assert.False(Has("an", 1234567890123)); // thirteen digits are no COCO number
    }

    /// <summary>Soft blobs of several colours.</summary>
    internal static RgbImage Picture(ulong seed, int width, int height)
    {
        var random = new CounterRng(seed);
        var blobs = Enumerable.Range(0, 12).Select(_ => (X: random.Uniform(0, width), Y: random.Uniform(0, height), Radius: random.Uniform(width / 12.0, width / 4.0), Color: random.Below(3), Power: random.Uniform(60, 200))).ToArray();
        var pixels = new byte[width * height * 3];
        for (var i = 0; i < width * height; i++)
        {
            var (x, y) = (i % width, i / width);
            foreach (var blob in blobs)
            {
                var weight = Math.Exp(-((Math.Pow(x - blob.X, 2) + Math.Pow(y - blob.Y, 2)) / (blob.Radius * blob.Radius)));
                pixels[(3 * i) + blob.Color] = (byte)Math.Min(255, pixels[(3 * i) + blob.Color] + (weight * blob.Power));
            }
        }

        return new RgbImage(width, height, pixels);
    }
}
