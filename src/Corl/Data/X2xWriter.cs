using Corl.Reports;
using ParquetSharp;

namespace Corl.Data;

/// <summary>
/// Writes rows in the layout of x2x_rft as the Hugging Face datasets library stores it: real_image (struct of bytes and path), prompt,
/// qa_problem, qa_solution, qa_type (MC or OE), an image feature in the metadata. Any number of rows: a hundred are in memory at a time.
/// </summary>
public static class X2xWriter
{
    private const int RowsPerGroup = 100; // what datasets writes where a column holds images

    /// <summary>Writes a file whole or not at all.</summary>
    /// <param name="path">The .parquet file.</param>
    /// <param name="samples">The rows; their encoded images are stored as they are.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="UserException">The place cannot be written to.</exception>
    public static int Write(string path, IEnumerable<Sample> samples)
    {
        var count = 0;
        AtomicFile.Write(path, stream =>
        {
            try
            {
                using var table = new ParquetTable(stream, Columns([]));
                foreach (var rows in samples.Chunk(RowsPerGroup))
                {
                    table.WriteRows(Columns(rows));
                    count += rows.Length;
                }

                table.Finish();
            }
            catch (ParquetException e)
            {
                throw new IOException("the disk is full or the file was removed", e); // the native writer says no more than that writing failed
            }
        });
        return count;
    }

    private static TableColumn[] Columns(Sample[] rows) =>
    [
        new ImageColumn("real_image", [.. rows.Select(row => (row.ImageBytes, NameOf(row)))]),
        new TextColumn("prompt", [.. rows.Select(row => row.Prompt)]),
        new TextColumn("qa_problem", [.. rows.Select(row => row.Question)]),
        new TextColumn("qa_solution", [.. rows.Select(row => row.Answer)]),
        new TextColumn("qa_type", [.. rows.Select(row => row.Type switch { null => null, QuestionType.MultipleChoice => "MC", _ => "OE" })]),
    ];

    /// <summary>The row's id as a file name, with the ending of its format.</summary>
    private static string NameOf(Sample row)
    {
        var stem = new string([.. row.Id.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')]);
        return row.ImageBytes.Span switch
        {
            [0x89, ..] => stem + ".png",
            [0xFF, ..] => stem + ".jpg",
            [(byte)'R', ..] => stem + ".webp",
            _ => stem,
        };
    }
}
