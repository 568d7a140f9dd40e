using Corl.Evaluation;

namespace Corl.Tests.Evaluation;

/// <summary>Predictions on disk: what a kill may leave, and what must not be put together.</summary>
public sealed class PredictionFileTests
{
    private static readonly Prediction[] Two = [new("1") { Text = "yes\n“no”", Tokens = 3, Clipped = false }, new("2") { Files = ["2/0.png"] }];

    [Fact]
    public void Open_CutAnywhere_KeepsWholeLinesAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("predictions.jsonl");
        using (var file = PredictionFile.Open(path, Header()))
        {
            file.Append(Two);
        }

        var whole = File.ReadAllBytes(path);
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            using (var file = PredictionFile.Open(path, Header()))
            {
                file.Append([.. Two.Where(prediction => !file.Done.ContainsKey(prediction.Id))]);
            }

            Assert.Equal(whole, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public void Open_AnotherRun_NamesTheDifference()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("predictions.jsonl");
        PredictionFile.Open(path, Header()).Dispose();
        void IsRefused(PredictionHeader header, string difference) =>
            Assert.Equal($"{path}: made with another {difference}; name a new --out, or repeat the earlier settings", Assert.Throws<UserException>(() => PredictionFile.Open(path, header)).Message);
        IsRefused(Header() with { Model = "m2" }, "model 'm', now 'm2'");
        IsRefused(Header() with { Data = "d2" }, "data 'd', now 'd2'");
        IsRefused(Header() with { Items = 3 }, "items '2', now '3'");
        IsRefused(Header() with { Settings = new() { ["prompt-style"] = "cot" } }, "prompt-style 'kit', now 'cot'");
        IsRefused(Header() with { Settings = new() { ["prompt-style"] = "kit", ["x"] = "1" } }, "x 'not set', now '1'");
    }

    [Theory]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"text\":\"no id\"}")]
    [InlineData("nonsense")]
    [InlineData("null")]
    public void Open_DamagedLine_IsRefused(string line)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("predictions.jsonl");
        PredictionFile.Open(path, Header()).Dispose();
        File.AppendAllText(path, line + "\n");
        Assert.StartsWith($"{path}: line 2 is no prediction (", Assert.Throws<UserException>(() => PredictionFile.Open(path, Header())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadShards_PutsThemTogether_AndRefusesAnotherRuns()
    {
        using var folder = new TemporaryFolder();
        for (var shard = 1; shard <= 2; shard++)
        {
            using var file = PredictionFile.Open(PredictionFile.PathOf(folder.Path, shard, 2), Header());
            file.Append([Two[shard - 1]]);
        }

        Assert.Equal(["1", "2"], PredictionFile.ReadShards(folder.Path, Header()).Select(prediction => prediction.Id).Order());
        Assert.Contains("shards of one run must agree", Assert.Throws<UserException>(() => PredictionFile.ReadShards(folder.Path, Header() with { Model = "m2" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TwiceAtOnce_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var file = PredictionFile.Open(folder.File("predictions.jsonl"), Header());
        Assert.Contains("another process", Assert.Throws<UserException>(() => PredictionFile.Open(folder.File("predictions.jsonl"), Header())).Message, StringComparison.Ordinal);
    }

    private static PredictionHeader Header() => new("mmmu", "m", "d", 2, new() { ["prompt-style"] = "kit" });
}
