using System.Text.Json;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>Tab-separated files, read as pandas reads them.</summary>
public sealed class TsvReaderTests
{
    [Fact]
    public void Read_NastyFile_EqualsPandas()
    {
        var table = TsvReader.Read(GoldenFiles.Path("graders/vlmeval/nasty.tsv")).Table;
        var golden = GoldenJson.Read("graders/vlmeval/nasty_expected.json");
        string[] columns = [.. golden.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()!)];
        Assert.Equal(columns, table.Names);
        var rows = golden.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(rows.Length, table.Count);
        for (var row = 0; row < rows.Length; row++)
        {
            Assert.Equal(rows[row].EnumerateArray().Zip(columns, (cell, column) => Expected(cell, golden, column)), columns.Select(column => table[row, column]));
        }
    }

    [Theory]
    [InlineData("a\tb\n1\t2\t3\n", "*: row 1 has more than the 2 fields of the header")]
    [InlineData("a\tb\n1\t\"open\n", "*: row 1: a quoted field that begins at byte 7 never ends; the file is cut off or its quotation marks are not doubled")]
    [InlineData("a\ta\n1\t2\n", "*: column 'a' occurs 2 times")]
    [InlineData("", "*: is empty; expected a header line with tab-separated names")]
    [InlineData("a\n\u0001\n", null)]
    public void Read_Malformed_IsRefusedInOneLine(string text, string? message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("data.tsv");
        File.WriteAllText(path, text);
        if (message is null)
        {
            Assert.Equal(1, TsvReader.Read(path).Table.Count);
            return;
        }

        Assert.Equal(message.Replace("*", path, StringComparison.Ordinal), Assert.Throws<UserException>(() => TsvReader.Read(path)).Message);
    }

    [Fact]
    public void Read_NotUtf8_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("data.tsv"), [.. "a\tb\nx\t"u8, 0xFF, (byte)'\n']);
        Assert.Equal($"{folder.File("data.tsv")}: row 1, field 2: not UTF-8", Assert.Throws<UserException>(() => TsvReader.Read(folder.File("data.tsv"))).Message);
    }

    [Fact]
    public void Read_LineEndsBlankLinesShortRowsAndBom_AreAsInPandas()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.tsv"), "\uFEFFa\tb\tc\r\nx\ty\tz\r\r\n  \n \"q\"\t\"u\"v\n");
        var table = TsvReader.Read(folder.File("data.tsv")).Table;
        Assert.Equal(["a", "b", "c"], table.Names);
        Assert.Equal(2, table.Count);
        Assert.Equal(["q", "uv", "nan"], table.Names.Select(name => table[1, name].Text));
    }

    [Fact]
    public void Images_EmbeddedSharedListedAndMissing_AreFound()
    {
        using var folder = new TemporaryFolder();
        var image = KitGolden.Image;
        File.WriteAllText(folder.File("data.tsv"), $"index\tquestion\tanswer\tcategory\timage\n1\tq\ta\trec\t{image}\n2\tq\ta\trec\t1\n3\tq\ta\trec\t\"['{image}', '{image}']\"\n4\tq\ta\trec\t\n");
        using var data = KitData.Open(KitGolden.Task("MMVet"), folder.File("data.tsv"));
        Assert.Equal(3, data.Table.Count);
        Assert.Equal([1, 1, 2], Enumerable.Range(0, 3).Select(row => data.Images(row).Count));
        Assert.All(Enumerable.Range(0, 3).SelectMany(data.Images), source => Assert.Equal((16, 12), (source.Decode().Width, source.Decode().Height)));
        Assert.Equal(3, data.Notes.Count); // another checksum, another count, a row left out
    }

    [Theory]
    [InlineData("index\tquestion\tanswer\timage\n1\tq\ta\t*\n", "is no file of MM-Vet: column 'category' is missing; it has index, question, answer, image")]
    [InlineData("index\tquestion\tanswer\tcategory\n1\tq\ta\trec\n", "has neither a column 'image' (base64) nor 'image_path'")]
    [InlineData("index\tquestion\tanswer\tcategory\timage\n1\tq\ta\trec\t7\n", "row 1: image '7' is neither base64 nor the index of a row with an image")]
    [InlineData("index\tquestion\tanswer\tcategory\timage\n1\tq\ta\trec\t*\n1\tq\ta\trec\t*\n", "index '1' occurs 2 times")]
    public void Open_WrongFile_SaysWhatWasExpected(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.tsv"), text.Replace("*", KitGolden.Image, StringComparison.Ordinal));
        var error = Assert.Throws<UserException>(() => KitData.Open(KitGolden.Task("MMVet"), folder.File("data.tsv")));
        Assert.Equal($"{folder.File("data.tsv")}: {message}", error.Message);
    }

    [Fact]
    public void Images_PathOutOfTheFolder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.tsv"), "index\tquestion\tanswer\tcategory\timage_path\n1\tq\ta\trec\t../../etc/passwd\n");
        var error = Assert.Throws<UserException>(() => KitData.Open(KitGolden.Task("MMVet"), folder.File("data.tsv")));
        Assert.Equal($"{folder.File("data.tsv")}: row 1: image path '../../etc/passwd' leads out of {folder.Path}", error.Message);
    }

    [Fact]
    public void Read_RandomBytes_NeverFailsOtherwise()
    {
        using var folder = new TemporaryFolder();
        var random = new CounterRng(4);
        byte[] alphabet = [.. "\t\n\r\" a1"u8, 0xC3];
        for (var i = 0; i < 300; i++)
        {
            byte[] bytes = [.. Enumerable.Range(0, 40).Select(_ => alphabet[(int)random.Uniform(0, alphabet.Length)])];
            File.WriteAllBytes(folder.File("data.tsv"), bytes);
            try
            {
                TsvReader.Read(folder.File("data.tsv"), "a");
            }
            catch (UserException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }

    private static Cell Expected(JsonElement cell, JsonElement golden, string column)
    {
        var type = golden.GetProperty("columns").EnumerateArray().Single(one => one.GetProperty("name").GetString() == column).GetProperty("dtype").GetString();
        return (cell.ValueKind, type) switch
        {
            (JsonValueKind.Null, _) => Cell.Missing,
            (JsonValueKind.String, "float64") => Cell.Of(GoldenJson.Number(cell)),
            (JsonValueKind.String, _) => Cell.Of(cell.GetString()),
            (JsonValueKind.Number, "int64") => Cell.Of(cell.GetInt64()),
            (JsonValueKind.Number, _) => Cell.Of(cell.GetDouble()),
            _ => Cell.Of(cell.GetBoolean()),
        };
    }
}
