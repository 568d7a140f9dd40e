using Corl.Evaluation.Drawing;

namespace Corl.Tests.Evaluation.Drawing;

public sealed class CsvTableTests
{
    [Fact]
    public void Read_QuotedFields_KeepCommasLinesAndMarks()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), "\uFEFFa,b\r\n\"1,\n2\",\"say \"\"x\"\"\"\r\n\n3 \"y\",\n,4");
        var table = CsvTable.Read(folder.File("a.csv"));
        Assert.Equal(["a", "b"], table.Names);
        Assert.Equal([("1,\n2", "say \"x\""), ("3 \"y\"", ""), ("", "4")], Enumerable.Range(0, table.Count).Select(row => (table[row, "a"], table[row, "b"])));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b\n1\n", "row 1 has 1 fields, the header 2")]
    [InlineData("a,b\n1,\"2\n", "never ends")]
    public void Read_Malformed_IsNamed(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), text);
        Assert.Contains(problem, Assert.Throws<UserException>(() => CsvTable.Read(folder.File("a.csv"))).Message, StringComparison.Ordinal);
    }
}
