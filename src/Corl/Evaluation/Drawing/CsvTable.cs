using System.Text;

namespace Corl.Evaluation.Drawing;

/// <summary>A comma-separated file with a header: fields may be quoted and then hold commas, line breaks and doubled quotation marks (RFC 4180).</summary>
internal sealed class CsvTable
{
    private const long MaxBytes = 1 << 28; // ours: DPG-Bench's file has some megabytes
    private readonly List<string[]> _rows;

    private CsvTable(List<string[]> rows) => _rows = rows;

    /// <summary>The columns' names.</summary>
    public IReadOnlyList<string> Names => _rows[0];

    /// <summary>Rows below the header.</summary>
    public int Count => _rows.Count - 1;

    /// <summary>A field; the column has to be there.</summary>
    public string this[int row, string column] => _rows[row + 1][Array.IndexOf(_rows[0], column)];

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserException">Too large, an open quotation, or a row with another number of fields than the header.</exception>
    public static CsvTable Read(string path)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new UserException($"{Quoted.Line(path)}: {new FileInfo(path).Length} bytes; at most {MaxBytes} are read");
        }

        List<string[]> rows = [.. Rows(path, File.ReadAllText(path, Encoding.UTF8))];
        if (rows.Count == 0)
        {
            throw new UserException($"{Quoted.Line(path)}: is empty; expected a header line");
        }

        return rows.FindIndex(row => row.Length != rows[0].Length) is var odd and >= 0
            ? throw new UserException($"{Quoted.Line(path)}: row {odd} has {rows[odd].Length} fields, the header {rows[0].Length}")
            : new CsvTable(rows);
    }

    private static IEnumerable<string[]> Rows(string path, string text)
    {
        List<string> row = [];
        var field = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (isQuoted)
            {
                isQuoted = c != '"' || (i + 1 < text.Length && text[i + 1] == '"');
                if (isQuoted)
                {
                    field.Append(c);
                    i += c == '"' ? 1 : 0; // the second mark of a pair
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                isQuoted = true;
            }
            else if (c is ',' or '\n')
            {
                row.Add(field.ToString());
                field.Clear();
                if (c == '\n')
                {
                    if (row is not [""]) // a line with nothing on it
                    {
                        yield return [.. row];
                    }

                    row.Clear();
                }
            }
            else if (c != '\r' || i + 1 >= text.Length || text[i + 1] != '\n')
            {
                field.Append(c);
            }
        }

        if (isQuoted)
        {
            throw new UserException($"{Quoted.Line(path)}: a quoted field in the last row never ends; the file is cut off");
        }

        if (row.Count > 0 || field.Length > 0)
        {
            row.Add(field.ToString());
            yield return [.. row];
        }
    }
}
