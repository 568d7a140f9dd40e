using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Spreadsheets with one sheet, as VLMEvalKit exchanges predictions: texts and numbers, nothing else. Written with inline texts; read with
/// these or shared ones. Formulas, styles and all other parts are not looked at.
/// </summary>
internal static class XlsxFile
{
    /// <summary>Characters that a cell can hold; the format's own limit.</summary>
    public const int MaxCell = 32_767;

    // Ours, for files from outside: predictions of 9,000 questions have some ten megabytes.
    private const long MaxPart = 512L << 20;
    private const int MaxRows = 1_048_576, MaxColumns = 16_384; // the format's own

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

    /// <summary>Reads the first sheet as a table: the first row has the names.</summary>
    /// <exception cref="UserException">No spreadsheet, or too large.</exception>
    public static KitTable Read(string path)
    {
        try
        {
            using var zip = ZipFile.OpenRead(path);
            var sheet = zip.GetEntry("xl/worksheets/sheet1.xml")
                ?? zip.Entries.Where(entry => entry.FullName.StartsWith("xl/worksheets/", StringComparison.Ordinal) && entry.FullName.EndsWith(".xml", StringComparison.Ordinal)).MinBy(entry => entry.FullName, StringComparer.Ordinal)
                ?? throw new UserException($"{path}: is no spreadsheet: it has no sheet");
            var shared = zip.GetEntry("xl/sharedStrings.xml") is { } strings ? SharedTexts(strings, path) : [];
            return Table(path, Rows(sheet, shared, path));
        }
        catch (Exception error) when (error is InvalidDataException or XmlException or IOException or OverflowException or FormatException)
        {
            throw new UserException($"{path}: cannot be read as a spreadsheet ({Quoted.Line(error.Message)})", error);
        }
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

    private static bool IsEscape(string text, int at) =>
        at + 6 < text.Length && text[at + 1] == 'x' && text[at + 6] == '_' && text.AsSpan(at + 2, 4).ToArray().All(char.IsAsciiHexDigit);

    private static string Unescaped(string text)
    {
        var at = text.IndexOf("_x", StringComparison.Ordinal);
        if (at < 0)
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '_' && IsEscape(text, i))
            {
                plain.Append((char)int.Parse(text.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 6;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }

    private static XmlReader Open(ZipArchiveEntry entry, string path) => entry.Length <= MaxPart
        ? XmlReader.Create(entry.Open(), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxPart, CloseInput = true, CheckCharacters = false })
        : throw new UserException($"{path}: {entry.FullName} has {entry.Length} bytes; at most {MaxPart} are read");

    private static List<string> SharedTexts(ZipArchiveEntry entry, string path)
    {
        using var xml = Open(entry, path);
        List<string> texts = [];
        while (xml.Read())
        {
            if (xml is { NodeType: XmlNodeType.Element, LocalName: "si" })
            {
                texts.Add(Texts(xml));
            }
        }

        return texts;
    }

    // All texts inside the current element, for rich text too.
    private static string Texts(XmlReader xml)
    {
        if (xml.IsEmptyElement)
        {
            return "";
        }

        var text = new StringBuilder();
        using var inner = xml.ReadSubtree();
        inner.Read();
        while (!inner.EOF)
        {
            if (inner is { NodeType: XmlNodeType.Element, LocalName: "t" })
            {
                text.Append(inner.ReadElementContentAsString()); // moves on by itself
            }
            else
            {
                inner.Read();
            }
        }

        return Unescaped(text.ToString());
    }

    private static List<Dictionary<int, Cell>> Rows(ZipArchiveEntry entry, List<string> shared, string path)
    {
        using var xml = Open(entry, path);
        List<Dictionary<int, Cell>> rows = [];
        var column = 0;
        while (xml.Read())
        {
            if (xml.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (xml.LocalName == "row")
            {
                rows.Add([]);
                column = 0;
                if (rows.Count > MaxRows)
                {
                    throw new UserException($"{path}: more than {MaxRows} rows");
                }
            }
            else if (xml.LocalName == "c" && rows.Count > 0)
            {
                column = xml.GetAttribute("r") is { } place ? ColumnOf(place) : column;
                if (column >= MaxColumns)
                {
                    throw new UserException($"{path}: row {rows.Count}: more than {MaxColumns} columns");
                }

                rows[^1][column++] = Value(xml, shared, path);
            }
        }

        return rows;
    }

    private static int ColumnOf(string place) => place.TakeWhile(char.IsAsciiLetterUpper).Aggregate(0, (number, letter) => checked((number * 26) + letter - 'A' + 1)) - 1;

    private static Cell Value(XmlReader xml, List<string> shared, string path)
    {
        var type = xml.GetAttribute("t");
        if (xml.IsEmptyElement)
        {
            return Cell.Missing;
        }

        if (type == "inlineStr")
        {
            return Cell.Of(Texts(xml));
        }

        string? value = null;
        using (var inner = xml.ReadSubtree())
        {
            inner.Read();
            while (!inner.EOF && value is null)
            {
                if (inner is { NodeType: XmlNodeType.Element, LocalName: "v" })
                {
                    value = inner.ReadElementContentAsString();
                }
                else
                {
                    inner.Read();
                }
            }
        }

        return (type, value) switch
        {
            (_, null) => Cell.Missing,
            ("s", _) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < shared.Count ? Cell.Of(shared[place]) : throw new UserException($"{path}: a cell names text {Quoted.Name(value)} of {shared.Count}"),
            ("b", _) => Cell.Of(value == "1"),
            ("str" or "e", _) => Cell.Of(Unescaped(value)),
            _ => PythonNumber.Cell(value) is { } number ? number.Integer is { } whole ? Cell.Of(whole) : Cell.Of(number.Value) : Cell.Of(value),
        };
    }

    private static KitTable Table(string path, List<Dictionary<int, Cell>> rows)
    {
        if (rows.Count == 0 || rows[0].Count == 0)
        {
            throw new UserException($"{path}: the first row is empty; expected the columns' names");
        }

        var names = rows[0].OrderBy(cell => cell.Key).Where(cell => !cell.Value.IsMissing).Select(cell => (cell.Key, Name: cell.Value.Text)).ToArray();
        return names.Select(name => name.Name).Distinct(StringComparer.Ordinal).Count() == names.Length
            ? new KitTable([.. names.Select(name => (name.Name, Cell.Typed([.. rows.Skip(1).Select(row => row.GetValueOrDefault(name.Key))])))])
            : throw new UserException($"{path}: two columns have the same name");
    }
}
