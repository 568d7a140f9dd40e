using System.Text;

namespace Corl.Tests;

public sealed class JsonAtTests
{
    [Fact]
    public void Values_OfTheRightKind_AreRead()
    {
        var root = Parse("""{"a": {"list": [1, {"b": "text"}], "n": 0.5, "yes": true, "nothing": null}}""");
        Assert.Equal(1, root["a"]["list"].Items().First().Integer(0, 9));
        Assert.Equal("text", root["a"]["list"].Items().Last()["b"].Text());
        Assert.Equal(0.5, root["a"]["n"].Number());
        Assert.True(root["a"]["yes"].Flag());
        Assert.Null(root["a"].Find("nothing"));
        Assert.Equal(2, root["a"]["list"].Count());
        Assert.Equal(["list", "n", "yes", "nothing"], root["a"].Properties().Select(property => property.Key));
    }

    [Theory]
    [InlineData("""{"a": {"b": []}}""", "file.json: a.b: expected a string, got a list.")]
    [InlineData("""{"a": {}}""", "file.json: a: key 'b' is missing.")]
    [InlineData("""{"a": {"b": null}}""", "file.json: a: key 'b' is missing.")]
    [InlineData("""{"a": 3}""", "file.json: a: expected an object, got 3.")]
    [InlineData("""{"a": {"b": "\udc00"}}""", "file.json: a.b: the string is not valid Unicode.")]
    [InlineData("""{"a": {"b": 123456789012345678901234567890123456789012345678901234567890}}""", "got 1234567890123456789012345678901234567890….")]
    public void Text_WrongValue_NamesFileAndKey(string json, string expected) =>
        Assert.EndsWith(expected, Assert.Throws<UserException>(() => Parse(json)["a"]["b"].Text()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1e999")]
    [InlineData("\"5\"")]
    public void Number_NotFinite_IsRefused(string json) => Assert.Contains("number", Assert.Throws<UserException>(() => Parse($"[{json}]").Items().First().Number()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    [InlineData("{\"a\": 1} x")]
    [InlineData("nul")]
    public void Parse_NotJson_IsOneLine(string json)
    {
        var error = Assert.Throws<UserException>(() => Parse(json));
        Assert.StartsWith("file.json: not valid JSON (", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Parse_TooDeep_IsRefused() => Assert.Throws<UserException>(() => Parse(new string('[', 100_000)));

    [Fact]
    public void Parse_ByteOrderMark_IsSkipped() => Assert.Equal(1, Parse("\uFEFF[1]").Items().Single().Integer(0, 1));

    [Fact]
    public void Open_TooLargeOrMissing_NamesThePath()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.json"), "[1,2,3]");
        Assert.Contains("7 bytes of JSON; at most 6 are read", Assert.Throws<UserException>(() => JsonAt.Open(folder.File("a.json"), 6)).Message, StringComparison.Ordinal);
        Assert.Contains("b.json: cannot be read", Assert.Throws<UserException>(() => JsonAt.Open(folder.File("b.json"), 6)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<UserException>(() => JsonAt.Open(folder.Path, 6)).Message, StringComparison.Ordinal);
    }

    private static JsonAt Parse(string json) => JsonAt.Parse("file.json", Encoding.UTF8.GetBytes(json));
}
