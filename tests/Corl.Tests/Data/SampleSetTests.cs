using Corl.Data;

namespace Corl.Tests.Data;

/// <summary>Order, resumption, bad rows and the files that a path stands for.</summary>
public sealed class SampleSetTests
{
    private static readonly string[] ThreeTexts = ["a", "b", "c"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Batches_OnePass_VisitsEveryRowOnce()
    {
        using var set = Numbers(23);
        using var batches = set.Batches(seed: 5, batchSize: 1);
        string[] first = [.. Enumerable.Range(0, 23).Select(_ => batches.Next(Stop).Samples[0].Prompt!)];
        string[] second = [.. Enumerable.Range(0, 23).Select(_ => batches.Next(Stop).Samples[0].Prompt!)];
        Assert.Equal(Enumerable.Range(0, 23).Select(i => $"{i}").Order(), first.Order());
        Assert.Equal(first.Order(), second.Order());
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Batches_SameSeed_SameOrder_OtherSeed_OtherOrder()
    {
        using var set = Numbers(50);
        string[] Take(ulong seed)
        {
            using var batches = set.Batches(seed, batchSize: 50);
            return [.. batches.Next(Stop).Samples.Select(sample => sample.Prompt!)];
        }

        Assert.Equal(Take(1), Take(1));
        Assert.NotEqual(Take(1), Take(2));
    }

    [Fact]
    public void Batches_FromAStoredPosition_GoOnAsIfUninterrupted()
    {
        using var set = Numbers(20, bad: [3, 4, 11]);
        using var whole = set.Batches(seed: 9, batchSize: 4);
        List<string> expected = [], resumed = [];
        List<BadRow> expectedSkips = [], resumedSkips = [];
        var position = 0L;
        for (var step = 0; step < 15; step++)
        {
            var batch = whole.Next(Stop);
            expected.AddRange(batch.Samples.Select(sample => sample.Prompt!));
            expectedSkips.AddRange(batch.Skipped);
            using var part = set.Batches(seed: 9, batchSize: 4, position); // a new stream for every batch
            batch = part.Next(Stop);
            resumed.AddRange(batch.Samples.Select(sample => sample.Prompt!));
            resumedSkips.AddRange(batch.Skipped);
            position = part.Position;
        }

        Assert.Equal(expected, resumed);
        Assert.Equal(expectedSkips, resumedSkips);
        Assert.Equal(whole.Position, position);
    }

    [Fact]
    public void Batches_AreReadAheadOnAThreadOfTheirOwn_AndNotFurtherThanTwo()
    {
        // One batch is returned, two wait, one is in the making: four batches of three rows, however long nobody asks.
        var (reads, threads) = (0, new HashSet<int>());
        using var set = SampleSet.Generate("counted", 1000, SampleParts.Prompt, i =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            Interlocked.Increment(ref reads);
            return new Sample { Id = $"{i}", Prompt = $"{i}" };
        });
        using var batches = set.Batches(seed: 1, batchSize: 3);
        batches.Next(Stop);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref reads) >= 12, TimeSpan.FromSeconds(20)));
        Thread.Sleep(50);
        Assert.Equal(12, Volatile.Read(ref reads));
        Assert.NotEqual(Environment.CurrentManagedThreadId, Assert.Single(threads));
    }

    [Fact]
    public void Batches_BadRows_AreSkippedCountedOnceAndNamed()
    {
        using var set = Numbers(10, bad: [2, 7]);
        using var batches = set.Batches(seed: 1, batchSize: 8);
        for (var pass = 0; pass < 3; pass++)
        {
            Assert.Equal(new[] { 0, 1, 3, 4, 5, 6, 8, 9 }.Select(i => $"{i}"), batches.Next(Stop).Samples.Select(sample => sample.Prompt!).Order());
        }

        Assert.Equal([new BadRow("numbers, row 2", "two is odd here"), new BadRow("numbers, row 7", "two is odd here")], batches.BadRows.OrderBy(row => row.Row));
    }

    [Fact]
    public void Batches_NoUsableRow_FailsInsteadOfTurningForEver()
    {
        using var set = Numbers(3, bad: [0, 1, 2]);
        using var batches = set.Batches(seed: 1, batchSize: 1);
        Assert.Contains("two is odd here", Assert.Throws<UserException>(() => batches.Next(Stop)).Message, StringComparison.Ordinal);
        Assert.Throws<UserException>(() => batches.Next(Stop));
    }

    [Fact]
    public void Batches_NoRows_IsRefused()
    {
        using var set = SampleSet.Open(GoldenFiles.Path("formats/parquet/no_rows.parquet"));
        Assert.Contains("no rows", Assert.Throws<UserException>(() => set.Batches(0, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderGlobAndList_ReadTheSameRows()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        foreach (var name in new[] { "train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001" })
        {
            File.Copy(GoldenFiles.Path("formats/parquet/x2x_rft.parquet"), folder.File($"data/{name}.parquet"));
        }

        using var byFolder = SampleSet.Open(folder.Path);
        using var byGlob = SampleSet.Open(folder.File("**/train-*.parquet"));
        using var byList = SampleSet.Open([folder.File("data/train-00000-of-00002.parquet"), folder.File("data/train-00001-of-00002.parquet")]);
        Assert.Equal(14, byFolder.Count);
        Assert.Equal(byFolder.Files, byGlob.Files);
        Assert.Equal(byFolder.Files.Select(file => Path.GetFileName(file.Path)), byList.Files.Select(file => Path.GetFileName(file.Path)));
        Assert.Equal(byFolder.Fingerprint, byList.Fingerprint);
        Assert.Equal(byFolder.Read(9).Prompt, byList.Read(2).Prompt);
        Assert.Equal("data/train-00001-of-00002.parquet, row 2", byFolder.NameOf(9));
    }

    [Fact]
    public void Open_HubFolderWithImagePaths_FindsImagesBesideDataAndInIt()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        Directory.CreateDirectory(folder.File("images"));
        File.WriteAllBytes(folder.File("images/a.png"), Corl.Imaging.ImageCodec.EncodePng(new Corl.Imaging.RgbImage(1, 1, [1, 2, 3])));
        File.WriteAllBytes(folder.File("data/b.png"), Corl.Imaging.ImageCodec.EncodePng(new Corl.Imaging.RgbImage(2, 1, [1, 2, 3, 4, 5, 6])));
        using (var stream = File.Create(folder.File("data/train-00000-of-00001.parquet")))
        {
            using var table = new Corl.Reports.ParquetTable(stream, [new Corl.Reports.TextColumn("image", []), new Corl.Reports.TextColumn("problem", [])]);
            table.WriteRows([new Corl.Reports.TextColumn("image", ["images/a.png", "b.png", "images/c.png"]), new Corl.Reports.TextColumn("problem", ["a?", "b?", "c?"])]);
            table.Finish();
        }

        using var set = SampleSet.Open(folder.Path);
        Assert.Equal([1, 2], new[] { 0, 1 }.Select(row => set.Read(row).RealImage!.Width));
        Assert.Contains("images/c.png", Assert.Throws<UserException>(() => set.Read(2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderWithoutData_SaysWhatItHolds()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("notes.txt"), "");
        Assert.Contains("notes.txt", Assert.Throws<UserException>(() => SampleSet.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file or folder", Assert.Throws<UserException>(() => SampleSet.Open(folder.File("nowhere"))).Message, StringComparison.Ordinal);
        Assert.Contains("no file matches", Assert.Throws<UserException>(() => SampleSet.Open(folder.File("*.parquet"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NamesWithControlCharacters_StayOnOneLine()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a\nb.jsonl"), "{\"x\\ny\": 1}\n");
        using var set = SampleSet.Open(folder.File("a\nb.jsonl"));
        Assert.DoesNotContain('\n', Assert.Throws<UserException>(() => set.Read(0)).Message);
    }

    [Fact]
    public void Fingerprint_ChangesWithNameSizeAndRows()
    {
        using var folder = new TemporaryFolder();
        var prints = new HashSet<string>();
        foreach (var (name, lines) in new[] { ("a", ThreeTexts[..2]), ("b", ThreeTexts[..2]), ("a", ThreeTexts), ("a", ["a", "bb"]) })
        {
            File.WriteAllLines(folder.File($"{name}.jsonl"), lines.Select(text => $"{{\"prompt\": \"{text}\"}}"));
            using var set = SampleSet.Open(folder.File($"{name}.jsonl"));
            Assert.True(prints.Add(set.Fingerprint));
        }
    }

    [Theory]
    [InlineData("What?\nA. a cat\nB. a dog", "<think>x</think><answer>B</answer>", QuestionType.MultipleChoice)]
    [InlineData("What?\n(A) a cat\n(B) a dog", "(B)", QuestionType.MultipleChoice)]
    [InlineData("What?\nA. a cat\nB. a dog", "B. a dog", QuestionType.MultipleChoice)]
    [InlineData("What?\nA. a cat\nB. a dog", "C", QuestionType.OpenEnded)] // C is no option
    [InlineData("What?\nA. a cat\nB. a dog", "a dog", QuestionType.OpenEnded)]
    [InlineData("What is it?", "<answer>B</answer>", QuestionType.OpenEnded)]
    [InlineData("What?\nA. a cat\nB. a dog", null, QuestionType.MultipleChoice)]
    public void InferType_LooksAtOptionsAndAnswer(string question, string? answer, QuestionType expected) =>
        Assert.Equal(expected, RowBuilder.InferType(question, answer));

    private static SampleSet Numbers(int count, params int[] bad) => SampleSet.Generate("numbers", count, SampleParts.Prompt, i =>
        bad.Contains(i) ? throw new UserException($"numbers, row {i}: two is odd here") : new Sample { Id = $"{i}", Prompt = $"{i}" });
}
