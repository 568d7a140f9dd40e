using System.Text.Json;

namespace Corl.Tests.Checkpoints;

public sealed class TorchFileTests
{
    public static TheoryData<string> Files => [.. GoldenCase.All("formats/pickle/cases.json").Select(item => item.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Open_GoldenFile_LoadsOrRefusesAsExpected(string file)
    {
        var item = GoldenCase.All("formats/pickle/cases.json").Single(item => item.GetProperty("file").GetString() == file);
        var (tensors, error) = GoldenCase.Load(GoldenFiles.Path("formats/pickle/" + file));
        var expected = item.GetProperty("expected").GetString();
        Assert.True(expected != "load" || error is null, error);
        Assert.True(expected != "reject" || error is not null, $"{file} must be refused: {item.GetProperty("why")}");
        if (tensors is not null && item.TryGetProperty("expected_tensors", out var name) && name.GetString() is { } relative)
        {
            Assert.Equal(GoldenCase.Load(GoldenFiles.Path("formats/pickle/" + relative)).Tensors!.OrderBy(pair => pair.Key, StringComparer.Ordinal),
                tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Open_DamagedArchive_GivesWhatTorchGivesOrRefuses()
    {
        using var folder = new TemporaryFolder();
        var loaded = 0;
        foreach (var item in GoldenCase.All("formats/pickle/fuzz.json"))
        {
            var path = folder.File("damaged.bin");
            File.WriteAllBytes(path, item.GetProperty("base64").GetBytesFromBase64());
            var (tensors, _) = GoldenCase.Load(path);
            if (tensors is not null && item.GetProperty("torch_tensors") is { ValueKind: JsonValueKind.Object } expected)
            {
                loaded++;
                Assert.Equal(expected.EnumerateObject().Select(entry => (entry.Name, Digest.Of(entry.Value))).Order(), tensors.Select(pair => (pair.Key, pair.Value)).Order());
            }
        }

        Assert.NotEqual(0, loaded);
    }
}
