using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace Corl.Data;

/// <summary>One row of the x2x layout: an image that is drawn from its prompt and asked about.</summary>
/// <param name="Image">The encoded image.</param>
/// <param name="ImageName">Its file name.</param>
/// <param name="Prompt">The caption to draw.</param>
/// <param name="Question">The question about the image.</param>
/// <param name="Answer">The true answer.</param>
/// <param name="Type">How it is judged.</param>
internal sealed record X2xRow(byte[] Image, string ImageName, string Prompt, string Question, string Answer, QuestionType Type);

/// <summary>
/// Writes Parquet in the x2x layout, the columns real_image (a struct of bytes and path, as Hugging Face's Image feature), prompt,
/// qa_problem, qa_solution and qa_type (MC or OE).
/// </summary>
internal static class X2xFile
{
    private const int RowsPerGroup = 1000; // as Hugging Face's writer groups rows
    private static readonly StructType ImageType = new([new Field("bytes", BinaryType.Default, true), new Field("path", StringType.Default, true)]);
    private static readonly Schema Columns = new(
        [new Field("real_image", ImageType, true), .. new[] { "prompt", "qa_problem", "qa_solution", "qa_type" }.Select(name => new Field(name, StringType.Default, true))],
        null);

    /// <summary>Writes the rows to a file that is whole or absent.</summary>
    /// <exception cref="UserException">The disk is full, or the place cannot be written to.</exception>
    public static void Write(string path, IEnumerable<X2xRow> rows) => AtomicFile.Write(path, stream =>
    {
        try
        {
            using var properties = new WriterPropertiesBuilder().Compression(Compression.Snappy).Build();
            using var writer = new FileWriter(stream, Columns, properties, leaveOpen: true);
            foreach (var group in rows.Chunk(RowsPerGroup))
            {
                using var batch = Batch(group);
                writer.WriteRecordBatch(batch);
            }

            writer.Close();
        }
        catch (ParquetException e)
        {
            throw new IOException(e.Message, e); // a full disk, seen through the native library
        }
    });

    private static RecordBatch Batch(X2xRow[] rows)
    {
        var bytes = new BinaryArray.Builder();
        foreach (var row in rows)
        {
            bytes.Append(row.Image.AsSpan());
        }

        var images = new StructArray(ImageType, rows.Length, [bytes.Build(), Text(row => row.ImageName)], ArrowBuffer.Empty);
        return new RecordBatch(
            Columns,
            [images, Text(row => row.Prompt), Text(row => row.Question), Text(row => row.Answer), Text(row => row.Type == QuestionType.MultipleChoice ? "MC" : "OE")],
            rows.Length);

        StringArray Text(Func<X2xRow, string> column) => new StringArray.Builder().AppendRange(rows.Select(column)).Build();
    }
}
