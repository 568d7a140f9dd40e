using System.Text.Json;
using Corl.Checkpoints;
using static Corl.Tests.Checkpoints.PickleBytes;

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

    // Sharing makes 2^depth entries of a few bytes each.
    [Theory]
    [InlineData(14, "more than")]
    [InlineData(60, "deep")]
    public void Open_SharedDictionaries_AreNotUnfoldedWithoutEnd(int depth, string reason)
    {
        using var folder = new TemporaryFolder();
        var value = Dict(("w", Tensor(4, 0, [4], [1])));
        for (var i = 0; i < depth; i++)
        {
            value = [.. Dict(("a", [.. value, .. Remember(0)]), ("b", Recall(0)), ("c", Recall(0)), ("d", Recall(0)))];
        }

        Assert.Contains(reason, Refused(folder, Program(value)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Bounds.Tensors - 2, true)] // beside the pickle and storage "0"
    [InlineData(Bounds.Tensors - 1, false)]
    public void Open_ArchiveOfManyEntries_StaysInTimeAndMemory(int count, bool isAccepted)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("many.bin");
        WriteArchive(path, Program(Dict(("w", Tensor(4, 0, [4], [1])))), new byte[16], [.. Enumerable.Range(0, count).Select(i => ($"archive/data/x{i}", Array.Empty<byte>()))]);
        Assert.Equal(isAccepted, GoldenCase.Load(path).Tensors is not null);
    }

    [Fact]
    public void Open_OneTensorUnderVeryManyNames_StaysInTimeAndMemory()
    {
        using var folder = new TemporaryFolder();
        var value = Dict(("w", Tensor(4, 0, [4], [1])));
        for (var i = 0; i < 17; i++) // 2^17 names, more than a file may have
        {
            value = [.. Dict(("a", [.. value, .. Remember(0)]), ("b", Recall(0)))];
        }

        Assert.Contains("more than", Refused(folder, Program(value)), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ManyExpandedViews_AreBoundedTogether()
    {
        using var folder = new TemporaryFolder();
        var views = Enumerable.Range(0, 5).Select(i => ($"w{i}", Tensor(4, 0, [1 << 20], [0]))).ToArray(); // 4 MB each
        Assert.Contains("'w4'", Refused(folder, Program(Dict(views))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 0, 1L << 40, 1L << 40 }, new long[] { 1, 1, 1 })]
    [InlineData(new long[] { 2 }, new long[] { long.MaxValue })]
    [InlineData(new long[] { 2, 2 }, new long[] { long.MaxValue, long.MaxValue })]
    [InlineData(new long[] { long.MaxValue, long.MaxValue }, new long[] { long.MaxValue, long.MaxValue })]
    public void Open_ShapeOrStrideBeyondArithmetic_IsRefused(long[] shape, long[] strides)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("'w'", Refused(folder, Program(Dict(("w", Tensor(4, 0, shape, strides))))), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_StrideOfADimensionOfOne_DoesNotMatter()
    {
        using var folder = new TemporaryFolder();
        WriteArchive(folder.File("a.bin"), Program(Dict(("w", Tensor(4, 1, [1, 3], [1L << 62, 1])))), new byte[16]);
        Assert.Single(GoldenCase.Load(folder.File("a.bin")).Tensors!);
    }

    [Fact]
    public void Open_OneStorageTwoTypes_NamesBoth()
    {
        using var folder = new TemporaryFolder();
        var error = Refused(folder, Program(Dict(("a", Tensor(4, 0, [4], [1])), ("b", Tensor(2, 0, [2], [1], "LongStorage")))));
        Assert.Contains("near 'b'", error, StringComparison.Ordinal);
        Assert.Contains("FloatStorage of 4 and LongStorage of 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NamesWithLineBreaks_GiveOneLine()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("'a\\u000ab\\u202e'", Refused(folder, Program(Dict(("a\nb\u202e", Tensor(4, 4, [4], [1]))))), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EntryInsideAnotherEntry_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("nested.bin");
        var pickle = Program(Dict(("w", Tensor(4, 0, [4], [1]))));
        WriteArchive(path, pickle, new byte[16]);
        var inner = File.ReadAllBytes(path);
        var start = inner.AsSpan().IndexOf("archive/data/0"u8) - 30; // a local header has 30 bytes before the name
        inner = inner[start..(start + 30 + "archive/data/0".Length + 16)];
        File.Delete(path);
        WriteArchive(path, pickle, new byte[16], ("archive/extra", inner));
        var bytes = File.ReadAllBytes(path);
        var hidden = bytes.AsSpan().LastIndexOf(inner); // the copy within the extra entry
        var central = bytes.AsSpan().LastIndexOf("archive/data/0"u8) - 46; // a directory record has 46 bytes before the name
        BitConverter.TryWriteBytes(bytes.AsSpan(central + 42), hidden);
        File.WriteAllBytes(path, bytes);
        Assert.Contains("shares bytes", GoldenCase.Load(path).Error, StringComparison.Ordinal);
    }

    private static string Refused(TemporaryFolder folder, byte[] pickle)
    {
        var path = folder.File("hostile.bin");
        WriteArchive(path, pickle, new byte[16]);
        var (tensors, error) = GoldenCase.Load(path);
        Assert.Null(tensors);
        return error!;
    }
}
