namespace Corl.Tests;

public sealed class AtomicFileTests
{
    [Fact]
    public void Write_LongerFileBefore_LeavesNoTail()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("new folder/a.txt");
        AtomicFile.WriteText(path, "a long text");
        AtomicFile.WriteText(path, "é");
        Assert.Equal([0xc3, 0xa9], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Write_FailsHalfway_KeepsTheOldFileAndLeavesNothingBehind()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.bin");
        AtomicFile.WriteText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_DiskIsFull_SaysSoAndKeepsTheOldFile()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.bin");
        AtomicFile.WriteText(path, "old");
        var error = Assert.Throws<UserException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            throw new IOException("No space left on device");
        }));
        Assert.Contains("a.bin", error.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_WhereAFolderStands_IsAUserError()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("taken"));
        Assert.Contains("taken", Assert.Throws<UserException>(() => AtomicFile.WriteText(folder.File("taken"), "x")).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_AfterAKilledAttempt_TakesItsPlace()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.txt.tmp"), "what a killed process had written so far");
        AtomicFile.WriteText(folder.File("a.txt"), "new");
        Assert.Equal("new", File.ReadAllText(folder.File("a.txt")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }
}
