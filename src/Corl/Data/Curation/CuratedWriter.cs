using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Corl.Reports;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Corl.Data.Curation;

/// <summary>
/// Writes curated rows as a folder that training reads: data/train-00000-of-00002.parquet and so on as on the Hugging Face Hub, or
/// metadata.jsonl with a folder of images. What is found under these names is whole; an interrupted run leaves nothing there.
/// </summary>
internal static class CuratedWriter
{
    private const int RowsPerGroup = 100;            // what datasets writes where a column holds images
    private const long BytesPerFile = 500_000_000;   // the Hub's advice for Parquet files
    private static readonly JsonSerializerOptions Lines = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the rows and returns how many.</summary>
    public static int Write(string folder, CuratedLayout layout, CuratedFormat format, IEnumerable<CuratedRow> rows) =>
        format == CuratedFormat.Parquet ? WriteParquet(folder, layout, rows) : WriteLines(folder, layout, rows);

    /// <summary>The file name of an image: readable, safe, and different for different images.</summary>
    public static string ImageName(string key, ReadOnlySpan<byte> bytes)
    {
        const int Readable = 60; // characters that are kept of a long path
        var stem = new string([.. Path.ChangeExtension(key, null).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..8];
        var ending = bytes switch { [0x89, ..] => "png", [0xFF, ..] => "jpg", _ => "webp" };
        return $"{stem[Math.Max(0, stem.Length - Readable)..]}-{hash}.{ending}";
    }

    private static int WriteParquet(string folder, CuratedLayout layout, IEnumerable<CuratedRow> rows)
    {
        var (final, temporary) = (Path.Combine(folder, "data"), Path.Combine(folder, "data.tmp"));
        Remove(temporary);
        List<string> files = [];
        var count = 0;
        using (var each = rows.GetEnumerator())
        {
            for (var isMore = each.MoveNext(); isMore || files.Count == 0;)
            {
                files.Add(Path.Combine(temporary, $"train-{files.Count:D5}.parquet"));
                AtomicFile.Write(files[^1], stream => isMore = WriteFile(stream, layout, each, isMore, ref count));
            }
        }

        for (var i = 0; i < files.Count; i++)
        {
            File.Move(files[i], Path.Combine(temporary, $"train-{i:D5}-of-{files.Count:D5}.parquet"));
        }

        Remove(final);
        Directory.Move(temporary, final);
        return count;
    }

    private static bool WriteFile(Stream stream, CuratedLayout layout, IEnumerator<CuratedRow> rows, bool isMore, ref int count)
    {
        try
        {
            using var table = new ParquetTable(stream, Columns(layout, []));
            for (var bytes = 0L; isMore && bytes < BytesPerFile;)
            {
                List<CuratedRow> group = [];
                for (; isMore && group.Count < RowsPerGroup; isMore = rows.MoveNext())
                {
                    group.Add(rows.Current);
                    bytes += rows.Current.Image.Length;
                }

                table.WriteRows(Columns(layout, group));
                count += group.Count;
            }

            table.Finish();
            return isMore;
        }
        catch (ParquetException e)
        {
            throw new IOException("the disk is full or the file was removed", e); // the native writer says no more than that writing failed
        }
    }

    private static TableColumn[] Columns(CuratedLayout layout, IReadOnlyList<CuratedRow> rows)
    {
        TextColumn Text(string name, Func<CuratedRow, string?> value) => new(name, [.. rows.Select(value)]);
        ImageColumn Image(string name) => new(name, [.. rows.Select(row => (row.Image, (string?)row.ImageName))]);
        NumberColumn Number(string name, Func<CuratedRow, double?> value) => new(name, [.. rows.Select(value)]);
        IntegerColumn Integer(string name, Func<CuratedRow, long?> value) => new(name, [.. rows.Select(row => value(row)!.Value)]);
        return layout == CuratedLayout.X2x
            ?
            [
                Image("real_image"), Text("prompt", row => row.Prompt), Text("qa_problem", row => row.Text.Question), Text("qa_solution", row => row.Text.Solution), Text("qa_type", TypeOf),
                Text("id", row => row.Id), Text("source", row => row.Source), Integer("image_id", row => row.CocoId), Integer("caption_id", row => row.CaptionId),
                Number("coverage", row => row.Coverage), Number("pass_rate", row => row.PassRate),
            ]
            :
            [
                Image("image"), Text("problem", row => row.Text.Question), Text("solution", row => row.Text.Solution), Text("type", TypeOf),
                Text("id", row => row.Id), Text("source", row => row.Source), Number("pass_rate", row => row.PassRate),
            ];
    }

    private static int WriteLines(string folder, CuratedLayout layout, IEnumerable<CuratedRow> rows)
    {
        var count = 0;
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        AtomicFile.Write(Path.Combine(folder, "metadata.jsonl"), stream =>
        {
            foreach (var row in rows)
            {
                var image = $"images/{row.ImageName}";
                File.WriteAllBytes(Path.Combine(folder, image), row.Image.Span); // metadata.jsonl, which names it, appears last
                stream.Write(JsonSerializer.SerializeToUtf8Bytes(layout == CuratedLayout.X2x
                    ? new { file_name = image, prompt = row.Prompt, qa_problem = row.Text.Question, qa_solution = row.Text.Solution, qa_type = TypeOf(row), id = row.Id, source = row.Source, image_id = row.CocoId, caption_id = row.CaptionId, coverage = row.Coverage, pass_rate = row.PassRate }
                    : (object)new { file_name = image, problem = row.Text.Question, solution = row.Text.Solution, type = TypeOf(row), id = row.Id, source = row.Source, pass_rate = row.PassRate }, Lines));
                stream.WriteByte((byte)'\n');
                count++;
            }
        });
        return count;
    }

    private static string TypeOf(CuratedRow row) => row.Text.Type == QuestionType.MultipleChoice ? "MC" : "OE";

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
