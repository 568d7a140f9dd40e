using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Writes spreadsheets with one sheet, as VLMEvalKit exchanges predictions: texts and numbers, nothing else.
/// </summary>
internal static class XlsxWriter
{
    /// <summary>Characters that a cell can hold; the format's own limit.</summary>
    public const int MaxCell = 32_767;

    private const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    private const string Packages = "http://schemas.openxmlformats.org/package/2006";
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // the same rows give the same bytes

    /// <summary>Writes a sheet; texts that are too long are cut.</summary>
    /// <returns>How many texts were cut.</returns>
    public static int Write(string path, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        var cut = 0;
        AtomicFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            const string Declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
            Add(zip, "[Content_Types].xml", $"{Declaration}<Types xmlns=\"{Packages}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>");
            Add(zip, "_rels/.rels", $"{Declaration}<Relationships xmlns=\"{Packages}/relationships\"><Relationship Id=\"rId1\" Type=\"{Relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
            Add(zip, "xl/workbook.xml", $"{Declaration}<workbook xmlns=\"{Main}\" xmlns:r=\"{Relations}\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
            Add(zip, "xl/_rels/workbook.xml.rels", $"{Declaration}<Relationships xmlns=\"{Packages}/relationships\"><Relationship Id=\"rId1\" Type=\"{Relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>");
            var entry = zip.CreateEntry("xl/worksheets/sheet1.xml");
            entry.LastWriteTime = Epoch;
            using var xml = XmlWriter.Create(entry.Open(), new XmlWriterSettings { CloseOutput = true, CheckCharacters = false, Encoding = new UTF8Encoding(false) });
            xml.WriteStartElement("worksheet", Main);
            xml.WriteStartElement("sheetData", Main);
            var number = 1;
            cut += Row(xml, number, [.. columns.Select(Cell.Of)]);
            foreach (var row in rows)
            {
                cut += Row(xml, ++number, row);
            }
        });
        return cut;
    }

    private static void Add(ZipArchive zip, string name, string text)
    {
        var entry = zip.CreateEntry(name);
        entry.LastWriteTime = Epoch;
        using var stream = entry.Open();
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private static int Row(XmlWriter xml, int number, IReadOnlyList<Cell> cells)
    {
        var cut = 0;
        xml.WriteStartElement("row", Main);
        xml.WriteAttributeString("r", number.ToString(CultureInfo.InvariantCulture));
        for (var column = 0; column < cells.Count; column++)
        {
            var cell = cells[column];
            xml.WriteStartElement("c", Main);
            xml.WriteAttributeString("r", string.Create(CultureInfo.InvariantCulture, $"{Letters(column)}{number}"));
            if (!cell.IsMissing && !cell.IsText && cell.Real() is { } value && double.IsFinite(value))
            {
                xml.WriteElementString("v", Main, value.ToString("R", CultureInfo.InvariantCulture));
            }
            else if (!cell.IsMissing)
            {
                var text = cell.Text;
                cut += text.Length > MaxCell ? 1 : 0;
                xml.WriteAttributeString("t", "inlineStr");
                xml.WriteStartElement("is", Main);
                xml.WriteStartElement("t", Main);
                xml.WriteAttributeString("xml", "space", null, "preserve");
                xml.WriteRaw(Escaped(text.Length > MaxCell ? text[..MaxCell] : text));
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        return cut;
    }

    // "A" for the first column, "AA" for the 27th.
    private static string Letters(int column) => (column >= 26 ? Letters((column / 26) - 1) : "") + (char)('A' + (column % 26));

    // What XML cannot hold the format writes as _x0007_; carriage returns would be read as line feeds.
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var isPair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (isPair)
            {
                escaped.Append(c).Append(text[++i]);
            }
            else if (c is < ' ' and not ('\t' or '\n') or '\uFFFE' or '\uFFFF' || char.IsSurrogate(c) || (c == '_' && IsEscape(text, i)))
            {
                escaped.Append(CultureInfo.InvariantCulture, $"_x{(int)c:X4}_");
            }
            else
            {
                escaped.Append(c switch { '<' => "&lt;", '>' => "&gt;", '&' => "&amp;", _ => $"{c}" });
            }
        }

        return escaped.ToString();
    }

    internal static bool IsEscape(string text, int at) =>
        at + 6 < text.Length && text[at + 1] == 'x' && text[at + 6] == '_' && text.AsSpan(at + 2, 4).ToArray().All(char.IsAsciiHexDigit);
}
