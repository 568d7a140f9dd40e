using System.Text.Json;
using Corl.Data.Curation;

namespace Corl.Tests.Data.Curation;

/// <summary>Items of JSON files that are streamed: the same as parsing the whole, and mistakes with file and place.</summary>
public sealed class JsonItemsTests
{
    [Fact]
    public void Read_ListAcrossWindows_GivesEveryElement()
    {
        // Strings of 0 to 300,000 characters: some span several windows of 64 kB, and ends fall anywhere in them.
        using var folder = new TemporaryFolder();
        string[] texts = [.. Enumerable.Range(0, 14).Select(i => new string((char)('a' + i), i * 23_003) + "é\"\\")];
        File.WriteAllText(folder.File("a.json"), "\uFEFF" + JsonSerializer.Serialize(texts.Select(text => new { text })));
        Assert.Equal(texts, JsonItems.Read(folder.File("a.json")).Select(item => item.Parse()["text"].Text()));
        Assert.Equal("a.json, [3]", JsonItems.Read(folder.File("a.json")).ElementAt(3).Where);
    }

    [Fact]
    public void Read_ListInAnObject_SkipsTheOthers()
    {
        using var folder = new TemporaryFolder();
        var long_ = string.Join(",", Enumerable.Range(0, 40_000));
        File.WriteAllText(folder.File("coco.json"), $$"""{"info": {"a": [[1], {"annotations": [9]}]}, "images": [{{long_}}], "annotations": [{"id": 1}, {"id": 2}], "rest": [3]}""");
        Assert.Equal([1, 2], JsonItems.Read(folder.File("coco.json"), "annotations").Select(item => item.Parse()["id"].Integer(0, 9)));
        Assert.Equal("coco.json, annotations[1]", JsonItems.Read(folder.File("coco.json"), "annotations").Last().Where);
        Assert.Contains("no list 'captions'", Assert.Throws<UserException>(() => JsonItems.Read(folder.File("coco.json"), "captions").Count()).Message, StringComparison.Ordinal);
        Assert.Contains("'info' is no list", Assert.Throws<UserException>(() => JsonItems.Read(folder.File("coco.json"), "info").Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Object_GivesItsValuesByKey()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("problems.json"), """{"1": {"q": "a"}, "17": {"q": "b"}}""");
        Assert.Equal([("1", "a"), ("17", "b")], JsonItems.Read(folder.File("problems.json")).Select(item => (item.Key, item.Parse()["q"].Text())));
        Assert.Equal("problems.json, '17'", JsonItems.Read(folder.File("problems.json")).Last().Where);
    }

    [Fact]
    public void Read_Lines_ABadOneFailsAlone()
    {
        using var folder = new TemporaryFolder();
        var text = new string('x', 100_000);
        File.WriteAllText(folder.File("a.jsonl"), $"{{\"q\": \"{text}\"}}\r\n\n{{\"q\": }}\n{{\"q\": \"last\"}}");
        var items = JsonItems.Read(folder.File("a.jsonl")).ToArray();
        Assert.Equal(["a.jsonl, line 1", "a.jsonl, line 3", "a.jsonl, line 4"], items.Select(item => item.Where));
        Assert.Equal((text, "last"), (items[0].Parse()["q"].Text(), items[2].Parse()["q"].Text()));
        Assert.StartsWith("a.jsonl, line 3: not valid JSON", Assert.Throws<UserException>(() => items[1].Parse()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"a": 1}, {"a": ]""", "bad.json: not JSON at byte 17 (")] // of the second bracket
    [InlineData("""[{"a": 1}, {"a": 2}""", "bad.json: ")]
    [InlineData("\"text\"", "bad.json: expected a list or an object of items, got String")]
    [InlineData("", "bad.json: expected a list or an object of items, got an empty file")]
    public void Read_NotJson_NamesFileAndByte(string content, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("bad.json"), content);
        var error = Assert.Throws<UserException>(() => JsonItems.Read(folder.File("bad.json")).Count()).Message;
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Read_ValueWithoutEnd_IsGivenUpAtItsLimit()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("big.json"), [.. "[\""u8, .. Enumerable.Repeat((byte)'a', 17 << 20)]);
        Assert.Contains("longer than 16,777,216 bytes", Assert.Throws<UserException>(() => JsonItems.Read(folder.File("big.json")).Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HalfACharacter_IsNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("a.jsonl"), [.. "{\"q\": \""u8, 0xC3, .. "\"}"u8]);
        Assert.Contains("a.jsonl, line 1", Assert.Throws<UserException>(() => JsonItems.Read(folder.File("a.jsonl")).Single().Parse()).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<UserException>(() => JsonItems.Read(folder.File("none.json")).Count()).Message, StringComparison.Ordinal);
    }
}
