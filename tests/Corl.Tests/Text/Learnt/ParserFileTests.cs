using Corl.Text.Learnt;

namespace Corl.Tests.Text.Learnt;

/// <summary>The parser's file comes from outside: what is wrong with it is said in one line, before room is made for what it claims to hold.</summary>
public sealed class ParserFileTests
{
    private const int Networks = 4, Words = 8, Width = 12, Hidden = 16, Pair = 20, Text = 24; // places of the numbers in the head

    [Fact]
    public void Read_WhatWasWritten_ParsesAlike()
    {
        using var folder = new TemporaryFolder();
        var path = Written(folder);
        var parser = ParserFile.Read(path);
        var halves = RandomNetwork.Weights(0);
        var expected = new LearntParser(RandomNetwork.Words, [halves with { Values = halves.Values.ToDictionary(part => part.Key, part => part.Value.Select(value => (float)(Half)value).ToArray()) }]);
        var sentences = RandomNetwork.Sentences(0, count: 30, longest: 12);
        foreach (var (a, b) in expected.Trees(sentences).Zip(parser.Trees(sentences)))
        {
            Assert.Equal(a.Tags, b.Tags);
            Assert.Equal(a.Heads, b.Heads);
            Assert.Equal(a.Relations, b.Relations);
        }
    }

    [Theory]
    [InlineData(0, 0x31505343)] // another mark
    [InlineData(Networks, 0)]
    [InlineData(Networks, 2)]
    [InlineData(Networks, int.MaxValue)]
    [InlineData(Words, -1)]
    [InlineData(Words, 6)]
    [InlineData(Words, int.MaxValue)]
    [InlineData(Width, 24)]
    [InlineData(Width, 0)]
    [InlineData(Hidden, 1 << 30)]
    [InlineData(Hidden, 64)]
    [InlineData(Pair, -16)]
    [InlineData(Text, int.MaxValue)]
    [InlineData(Text, 1)]
    public void Read_HeadWithAnotherNumber_IsRefusedWithoutRoom(int place, int number)
    {
        using var folder = new TemporaryFolder();
        var path = Written(folder);
        var bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(place), number);
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(path);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Read_DamagedFile_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        var path = Written(folder);
        var whole = File.ReadAllBytes(path);
        var twice = (byte[])whole.Clone();
        whole.AsSpan(30, 3).CopyTo(twice.AsSpan(38)); // the dog of "a\ndog\nthe\ncat" in the cat's place
        byte[] infinite = [.. whole[..^2], 0x00, 0x7C], notANumber = [.. whole[..^2], 0x01, 0x7E], fewer = [.. whole[..29], (byte)' ', .. whole[30..]];
        foreach (var damaged in new[] { [], whole[..3], whole[..27], whole[..^1], [.. whole, 0], twice, fewer, infinite, notANumber })
        {
            File.WriteAllBytes(path, damaged);
            AssertRefused(path);
        }

        Assert.Throws<UserException>(() => ParserFile.Read(folder.File("missing.bin")));
    }

    private static string Written(TemporaryFolder folder)
    {
        ParserFile.Write(folder.File("parser.bin"), RandomNetwork.Words, [RandomNetwork.Weights(0)]);
        return folder.File("parser.bin");
    }

    private static void AssertRefused(string path)
    {
        var error = Assert.Throws<UserException>(() => ParserFile.Read(path));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
