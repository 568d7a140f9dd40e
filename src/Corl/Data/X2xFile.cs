using Corl.Reports;
using ParquetSharp;

namespace Corl.Data;

/// <summary>One row of the x2x layout: an image that is drawn from its prompt and asked about.</summary>
/// <param name="Image">The encoded image.</param>
/// <param name="ImageName">Its file name.</param>
/// <param name="Prompt">The caption to draw.</param>
/// <param name="Question">The question about the image.</param>
/// <param name="Answer">The true answer.</param>
/// <param name="Type">How it is judged.</param>
internal sealed record X2xRow(byte[] Image, string ImageName, string Prompt, string Question, string Answer, QuestionType Type);

/// <summary>Writes Parquet in the x2x layout: the columns real_image, prompt, qa_problem, qa_solution and qa_type (MC or OE).</summary>
internal static class X2xFile
{
    private const int RowsPerGroup = 1000; // as Hugging Face's writer groups rows

    /// <summary>Writes the rows, a row group in memory at a time, to a file that is whole or absent.</summary>
    /// <exception cref="UserException">The disk is full, or the place cannot be written to.</exception>
    public static void Write(string path, IEnumerable<X2xRow> rows) => AtomicFile.Write(path, stream =>
    {
        try
        {
            using var table = new ParquetTable(stream, Columns([]));
            foreach (var group in rows.Chunk(RowsPerGroup))
            {
                table.WriteRows(Columns(group));
            }

            table.Finish();
        }
        catch (ParquetException e)
        {
            throw new IOException(e.Message, e); // a full disk, seen through the native writer
        }
    });

    private static TableColumn[] Columns(X2xRow[] rows) =>
    [
        new ImageColumn("real_image", [.. rows.Select(row => ((ReadOnlyMemory<byte>)row.Image, (string?)row.ImageName))]),
        new TextColumn("prompt", [.. rows.Select(row => row.Prompt)]),
        new TextColumn("qa_problem", [.. rows.Select(row => row.Question)]),
        new TextColumn("qa_solution", [.. rows.Select(row => row.Answer)]),
        new TextColumn("qa_type", [.. rows.Select(row => row.Type == QuestionType.MultipleChoice ? "MC" : "OE")]),
    ];
}
