using System.IO.Compression;
using Corl.Evaluation;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>Predictions to VLMEvalKit and back.</summary>
public sealed class KitExchangeTests
{
    private static readonly string[] Texts = ["plain", "  two  ", "a\tb\nc", "<&>\"'", "_x0041_", "\u0001\u001f", "\uFFFE", "12", "NA", "", "狗🙂", "=1+1", "a\rb"];

    [Theory]
    [InlineData("xlsx")]
    [InlineData("tsv")]
    public void Import_OfAnExport_GivesTheSamePredictions(string format)
    {
        using var folder = new TemporaryFolder();
        using var data = Data(folder);
        Prediction[] predictions = [.. Texts.Select((text, i) => new Prediction($"{i + 1}") { Text = text })];
        Assert.Equal(0, KitExchange.Export(folder.File($"x.{format}"), data, predictions, AnswerUnwrap.None));
        var read = KitExchange.Import(folder.File($"x.{format}"));
        Assert.Equal(predictions.Select(prediction => prediction.Id), read.Select(prediction => prediction.Id));

        // What the kit's tables take for a missing value is one after the way, as it is in the kit.
        Assert.Equal(Texts.Select(text => Cell.Typed([Cell.Of(text), Cell.Of("text")])[0].TextOrNull ?? ""), read.Select(prediction => prediction.Text));
    }

    [Fact]
    public void Export_Unwrapped_KeepsWhatTheModelWrote()
    {
        using var folder = new TemporaryFolder();
        using var data = Data(folder);
        KitExchange.Export(folder.File("x.xlsx"), data, [new("1") { Text = "<think>t</think><answer> B </answer>" }], AnswerUnwrap.Tags);
        var table = XlsxReader.Read(folder.File("x.xlsx"));
        Assert.Equal(["index", "question", "answer", "category", "prediction", "raw_prediction"], table.Names);
        Assert.Equal(("B", "<think>t</think><answer> B </answer>"), (table[0, "prediction"].Text, table[0, "raw_prediction"].Text));
        Assert.Equal("<think>t</think><answer> B </answer>", Assert.Single(KitExchange.Import(folder.File("x.xlsx"))).Text);
    }

    [Fact]
    public void Export_LongText_IsCutAtTheCellsLimit()
    {
        using var folder = new TemporaryFolder();
        using var data = Data(folder);
        Assert.Equal(1, KitExchange.Export(folder.File("x.xlsx"), data, [new("1") { Text = new string('x', 40_000) }], AnswerUnwrap.None));
        Assert.Equal(32_767, Assert.Single(KitExchange.Import(folder.File("x.xlsx"))).Text!.Length);
    }

    [Fact]
    public void Read_SharedAndRichTexts_AsSpreadsheetProgramsWriteThem()
    {
        using var folder = new TemporaryFolder();
        const string Main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
        Zip(folder.File("x.xlsx"), ("xl/sharedStrings.xml", $"<sst {Main}><si><t>index</t></si><si><r><t>predi</t></r><r><t>ction</t></r></si><si><t>B</t></si></sst>"),
            ("xl/worksheets/sheet1.xml", $"<worksheet {Main}><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c><c r=\"B2\"/><c r=\"C2\" t=\"s\"><v>2</v></c></row></sheetData></worksheet>"));
        var prediction = Assert.Single(KitExchange.Import(folder.File("x.xlsx")));
        Assert.Equal(("7", "B"), (prediction.Id, prediction.Text));
    }

    [Theory]
    [InlineData("<!DOCTYPE a [<!ENTITY e \"x\">]><worksheet/>")]
    [InlineData("<worksheet><sheetData><row><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row></sheetData></worksheet>")]
    [InlineData("<worksheet><sheetData><row><c t=\"s\"><v>5</v></c></row></sheetData></worksheet>")]
    [InlineData("<worksheet><sheetData>")]
    [InlineData("<worksheet/>")]
    public void Read_HostileSheet_IsRefusedInOneLine(string sheet)
    {
        using var folder = new TemporaryFolder();
        Zip(folder.File("x.xlsx"), ("xl/worksheets/sheet1.xml", sheet));
        Assert.DoesNotContain('\n', Assert.Throws<UserException>(() => KitExchange.Import(folder.File("x.xlsx"))).Message);
        File.WriteAllText(folder.File("y.xlsx"), "no zip");
        Assert.StartsWith($"{folder.File("y.xlsx")}: cannot be read as a spreadsheet", Assert.Throws<UserException>(() => KitExchange.Import(folder.File("y.xlsx"))).Message, StringComparison.Ordinal);
    }

    private static KitData Data(TemporaryFolder folder)
    {
        var rows = Enumerable.Range(1, Texts.Length).Select(i => $"{i}\tq {i}\ta\trec\t{KitGolden.Image}");
        File.WriteAllLines(folder.File("data.tsv"), ["index\tquestion\tanswer\tcategory\timage", .. rows]);
        return KitData.Open(KitGolden.Task("MMVet"), folder.File("data.tsv"));
    }

    private static void Zip(string path, params (string Name, string Text)[] parts)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, text) in parts)
        {
            using var writer = new StreamWriter(zip.CreateEntry(name).Open());
            writer.Write(text);
        }
    }
}
