using Corl.Data;
using Corl.Imaging;
using Corl.Reports;

namespace Corl.Tests.Reports;

/// <summary>The log of a run: what is written, and what a resumed run keeps.</summary>
public sealed class RunLogTests
{
    [Fact]
    public void Metrics_Line_IsInvariantSortedAndShortest()
    {
        using var folder = new TemporaryFolder();
        using (var log = new RunLog(folder.Path))
        {
            log.Metrics(1, new Dictionary<string, double> { ["reward"] = 0.1, ["grad_norm"] = 1e-7, ["kl"] = double.NaN, ["loss"] = double.PositiveInfinity });
        }

        Assert.Equal("{\"step\":1,\"grad_norm\":1E-07,\"kl\":\"NaN\",\"loss\":\"Infinity\",\"reward\":0.1}\n", File.ReadAllText(folder.File("metrics.jsonl")));
    }

    [Fact]
    public void Resume_AfterAnyInterruption_GivesTheFileOfAnUninterruptedRun()
    {
        using var whole = new TemporaryFolder();
        Log(whole.Path, null, 1, 12);
        var expected = File.ReadAllBytes(whole.File("metrics.jsonl"));

        // Killed after any byte of the file; the checkpoint is of step 4, whose line is on the disk before the checkpoint is.
        var afterFour = Enumerable.Range(0, expected.Length).Where(i => expected[i] == '\n').ElementAt(3) + 1;
        for (var length = afterFour; length <= expected.Length; length += 7)
        {
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder.File("metrics.jsonl"), expected[..length]);
            Log(folder.Path, 4, 5, 12);
            Assert.Equal(expected, File.ReadAllBytes(folder.File("metrics.jsonl")));
        }
    }

    [Fact]
    public void Open_NewRun_KeepsNothingOfAnEarlierOne()
    {
        using var folder = new TemporaryFolder();
        Log(folder.Path, null, 0, 3);
        using (var log = new RunLog(folder.Path))
        {
            log.Completions(2, [new Completion { Prompt = "p", Rewards = new Dictionary<string, double?>() }]);
        }

        using (new RunLog(folder.Path))
        {
            Assert.Empty(RunLog.ReadMetrics(folder.Path));
            Assert.Empty(Directory.GetFiles(folder.File("completions")));
        }
    }

    [Fact]
    public void ReadMetrics_GivesWhatWasLogged()
    {
        using var folder = new TemporaryFolder();
        Log(folder.Path, null, 1, 3);
        Assert.Equal([(1, 0.5), (2, 1.0), (3, 1.5)], RunLog.ReadMetrics(folder.Path).Select(row => ((int)row.Step, row.Values["reward"])));
    }

    [Fact]
    public void Completions_AreATableWithEveryReward()
    {
        using var folder = new TemporaryFolder();
        var png = ImageCodec.EncodePng(new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]));
        using (var log = new RunLog(folder.Path))
        {
            log.Completions(10,
            [
                new Completion { Prompt = "a kite", Image = png, Rewards = new Dictionary<string, double?> { ["cycle"] = 0.5, ["accuracy"] = null }, Advantage = -1.25, Notes = new Dictionary<string, string?> { ["caption"] = "a red kite" } },
                new Completion { Prompt = "what?", Text = "<answer>B</answer>", Truth = "B", Rewards = new Dictionary<string, double?> { ["accuracy"] = 1 }, Advantage = 1.25 },
            ]);
        }

        // Read back through the data reader: text columns by name, the image by its bytes.
        var path = folder.File("completions/completions_00010.parquet");
        using var byCompletion = SampleSet.Open(path, new ColumnNames { Prompt = "prompt", Answer = "completion", Question = "truth" });
        Assert.Equal(("a kite", null), (byCompletion.Read(0).Prompt, byCompletion.Read(0).Answer));
        Assert.Equal(png, byCompletion.Read(0).ImageBytes.ToArray());
        Assert.Equal(("what?", "<answer>B</answer>", "B"), (byCompletion.Read(1).Prompt, byCompletion.Read(1).Answer, byCompletion.Read(1).Question));
        using var byNote = SampleSet.Open(path, new ColumnNames { Prompt = "caption", Answer = "step" });
        Assert.Equal(("a red kite", "10"), (byNote.Read(0).Prompt, byNote.Read(0).Answer));
        Assert.Equal(["accuracy", "cycle"], ParquetProbe.NumberColumns(path));
        Assert.Equal([0.5, null], ParquetProbe.Numbers(path, "cycle"));
        Assert.Equal([-1.25, 1.25], ParquetProbe.Numbers(path, "advantage"));
    }

    [Fact]
    public void SampleImages_AreAGridOfSharpPixels()
    {
        using var folder = new TemporaryFolder();
        ReadOnlyMemory<byte> red = ImageCodec.EncodePng(new RgbImage(2, 2, [.. Enumerable.Repeat<byte[]>([200, 10, 20], 4).SelectMany(pixel => pixel)]));
        using (var log = new RunLog(folder.Path))
        {
            log.SampleImages(3, [[red, red], [default, red]], ["a", "b"]);
        }

        // 2 × 2 pixels are enlarged 48 times to 96; gaps of 4 around each.
        var grid = ImageCodec.Decode(File.ReadAllBytes(folder.File("samples/samples_00003.png")), "grid");
        Assert.Equal((204, 204), (grid.Width, grid.Height));
        byte[] At(int x, int y) => grid.Pixels[(3 * ((y * grid.Width) + x))..][..3];
        Assert.Equal([200, 10, 20], At(4, 4));
        Assert.Equal([200, 10, 20], At(99, 99));
        Assert.Equal([255, 255, 255], At(100, 100));
        Assert.Equal([255, 255, 255], At(50, 150)); // the free cell
        Assert.Equal([200, 10, 20], At(150, 150));
    }

    [Fact]
    public void SampleImages_TooManyForOnePicture_AreScaledDown()
    {
        ReadOnlyMemory<byte> image = ImageCodec.EncodePng(new RgbImage(384, 384, new byte[3 * 384 * 384]));
        var (width, height, _) = ImageGrid.Compose([[.. Enumerable.Repeat(image, 60)]]);
        Assert.InRange(width, 8000, 8200);
        Assert.InRange(height, 100, 150);
    }

    [Fact]
    public void Completions_FolderThatCannotBeWritten_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        using var log = new RunLog(folder.Path);
        File.WriteAllText(folder.File("completions"), "a file in the way");
        var error = Assert.Throws<UserException>(() => log.Completions(1, [new Completion { Prompt = "p", Rewards = new Dictionary<string, double?>() }]));
        Assert.Contains("completions_00001.parquet", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static void Log(string directory, long? resumeFrom, int first, int last)
    {
        using var log = new RunLog(directory, resumeFrom);
        for (var step = first; step <= last; step++)
        {
            log.Metrics(step, new Dictionary<string, double> { ["reward"] = step * 0.5, ["kl"] = 1.0 / (step + 1), ["completions/mean_length"] = 100 - step });
        }
    }
}
