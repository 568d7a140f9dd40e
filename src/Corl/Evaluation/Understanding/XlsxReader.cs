using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Reads the first sheet of a spreadsheet: texts, inline or shared, numbers and truth values. Formulas, styles and all other parts are not
/// looked at.
/// </summary>
internal static class XlsxReader
{
    // Ours, for files from outside: predictions of 9,000 questions have some ten megabytes.
    private const long MaxPart = 512L << 20;
    private const int MaxRows = 1_048_576, MaxColumns = 16_384; // the format's own

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
            if (text[i] == '_' && XlsxWriter.IsEscape(text, i))
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
