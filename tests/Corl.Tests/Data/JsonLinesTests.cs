using System.Security.Cryptography;
using System.Text.Json;
using Corl.Data;

namespace Corl.Tests.Data;

/// <summary>JSON Lines beside a folder of images: the values of each line, or an error that names the line.</summary>
public sealed class JsonLinesTests
{
    private const string Root = "formats/parquet";

    public static TheoryData<string, int> Bad =>
        new(Cases().Where(item => item.GetProperty("expected").GetString() == "reject")
            .Select(item => (item.GetProperty("file").GetString()!, item.GetProperty("note").GetString()!))
            .Select(item => (item.Item1, item.Item2.StartsWith("line ", StringComparison.Ordinal) ? item.Item2[5] - '0' : 1)));

    [Fact]
    public void Read_DataFile_GivesTheStoredValues()
    {
        var content = Cases().Single(item => item.GetProperty("file").GetString() == "jsonl/data.jsonl").GetProperty("content");
        using var set = SampleSet.Open(GoldenFiles.Path($"{Root}/jsonl/data.jsonl"), required: SampleParts.All);
        Assert.Equal(content.GetProperty("rows").GetInt32(), set.Count);
        var row = 0;
        foreach (var values in content.GetProperty("values").EnumerateArray())
        {
            var sample = set.Read(row++);
            Assert.Equal(values.GetProperty("prompt").GetString()!.Trim(), sample.Prompt);
            Assert.Equal(values.GetProperty("qa_problem").GetString(), sample.Question);
            Assert.Equal(values.GetProperty("qa_solution").GetString(), sample.Answer);
            Assert.Equal(values.GetProperty("qa_type").GetString() == "MC" ? QuestionType.MultipleChoice : QuestionType.OpenEnded, sample.Type);
            Assert.Equal(values.GetProperty("image").GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(sample.ImageBytes.Span)));
            Assert.Equal(values.GetProperty("image").GetProperty("width").GetInt32(), sample.RealImage!.Width);
        }
    }

    [Fact]
    public void Open_Folder_TakesTheImageFolderLayout()
    {
        using var set = SampleSet.Open(GoldenFiles.Path($"{Root}/jsonl"));
        Assert.Equal("metadata.jsonl", Path.GetFileName(Assert.Single(set.Files).Path));
        Assert.All(Enumerable.Range(0, set.Count), row => Assert.NotNull(set.Read(row).RealImage));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Read_BadLine_NamesFileAndLine(string file, int line)
    {
        var error = Assert.Throws<UserException>(() =>
        {
            using var set = SampleSet.Open(GoldenFiles.Path($"{Root}/{file}"));
            for (var row = 0; row < set.Count; row++)
            {
                set.Read(row);
            }
        });
        Assert.StartsWith($"{Path.GetFileName(file)}, line {line}: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("{\"prompt\": \"\\ud800\"}", "Unicode")]
    [InlineData("{\"prompt\": \"a\", \"image\": {\"path\": \"C:\\\\a.png\"}}", "absolute")]
    [InlineData("{\"prompt\": \"a\", \"image\": [\"x/../../a.png\"]}", "leaves")]
    [InlineData("{\"prompt\": \"a\", \"image\": 3}", "Number")]
    [InlineData("{\"prompt\": \"  \"}", "neither a prompt nor a question")]
    [InlineData("{\"question\": \"q\", \"qa_type\": \"essay\"}", "essay")]
    public void Read_BadValue_SaysWhat(string line, string what)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.jsonl"), line);
        using var set = SampleSet.Open(folder.File("a.jsonl"));
        Assert.Contains(what, Assert.Throws<UserException>(() => set.Read(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LinesAcrossTheScanBuffer_AreFoundWhereTheyBegin()
    {
        // Lines of 0 to 400,000 characters, so that the ends fall anywhere in the megabyte that is scanned at once.
        using var folder = new TemporaryFolder();
        string[] prompts = [.. Enumerable.Range(0, 12).Select(i => new string((char)('a' + i), 1 + (i * 37_003)))];
        File.WriteAllText(folder.File("long.jsonl"), "\uFEFF" + string.Join("\n \r\n", prompts.Select(prompt => $"{{\"prompt\": \"{prompt}\"}}")));
        using var set = SampleSet.Open(folder.File("long.jsonl"));
        Assert.Equal(prompts, Enumerable.Range(0, set.Count).Select(row => set.Read(row).Prompt));
        Assert.Equal("long.jsonl, line 3", set.NameOf(1));
    }

    private static JsonElement[] Cases() =>
        [.. JsonDocument.Parse(File.ReadAllBytes(GoldenFiles.Path($"{Root}/cases.json"))).RootElement.EnumerateArray().Where(item => item.GetProperty("file").GetString()!.StartsWith("jsonl/", StringComparison.Ordinal))];
}
