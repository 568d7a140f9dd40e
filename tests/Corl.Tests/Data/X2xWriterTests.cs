using Corl.Data;
using Corl.Imaging;
using Corl.Reports;
using ParquetSharp;

namespace Corl.Tests.Data;

/// <summary>The x2x layout out and in again.</summary>
public sealed class X2xWriterTests
{
    [Fact]
    public void Write_ThenRead_GivesTheSameRows()
    {
        using var folder = new TemporaryFolder();
        Sample[] rows =
        [
            .. Enumerable.Range(0, 250).Select(i => new Sample
            {
                Id = $"shapes/{i}",
                Prompt = $"{i} red stars é😀",
                Question = i % 3 == 2 ? null : $"How many?\nA. {i}\nB. {i + 1}",
                Answer = i % 3 == 2 ? null : i % 3 == 0 ? "<think>t</think><answer>A</answer>" : $"{i}",
                Type = i % 3 == 2 ? null : i % 3 == 0 ? QuestionType.MultipleChoice : QuestionType.OpenEnded,
                ImageBytes = i % 5 == 4 ? default : ImageCodec.EncodePng(new RgbImage(1, 1, [(byte)i, 2, 3])),
            }),
        ];
        Assert.Equal(250, X2xWriter.Write(folder.File("x2x.parquet"), rows));

        using var set = SampleSet.Open(folder.File("x2x.parquet"));
        Assert.Equal(250, set.Count);
        foreach (var row in new[] { 0, 99, 100, 101, 249, 3, 4, 199, 200 }.Concat(Enumerable.Range(0, 250)))
        {
            var (expected, read) = (rows[row], set.Read(row));
            Assert.Equal((expected.Prompt, expected.Question, expected.Answer, expected.Type), (read.Prompt, read.Question, read.Answer, read.Type));
            Assert.Equal(expected.ImageBytes.ToArray(), read.ImageBytes.ToArray());
            Assert.Equal(expected.ImageBytes.IsEmpty ? null : (byte)row, read.RealImage?.Pixels[0]);
        }
    }

    [Fact]
    public void Write_Layout_IsThatOfHuggingFaceDatasets()
    {
        // The schema, the metadata key and the image feature of a file that the datasets library wrote.
        using var folder = new TemporaryFolder();
        X2xWriter.Write(folder.File("x2x.parquet"), [new Sample { Id = "a b", Prompt = "p", ImageBytes = ImageCodec.EncodePng(new RgbImage(1, 1, [1, 2, 3])) }]);
        using var ours = new ParquetFileReader(folder.File("x2x.parquet"));
        using var theirs = new ParquetFileReader(GoldenFiles.Path("formats/parquet/x2x_rft.parquet"));
        Assert.Equal(Leaves(theirs), Leaves(ours));
        Assert.Equal(
            System.Text.Json.Nodes.JsonNode.Parse(theirs.FileMetaData.KeyValueMetadata["huggingface"])!["info"]!["features"]!.ToJsonString(),
            System.Text.Json.Nodes.JsonNode.Parse(ours.FileMetaData.KeyValueMetadata["huggingface"])!["info"]!["features"]!.ToJsonString());
    }

    [Fact]
    public void Write_RowsThatFail_LeaveNoFile()
    {
        using var folder = new TemporaryFolder();
        static IEnumerable<Sample> Rows()
        {
            yield return new Sample { Id = "1", Prompt = "p" };
            throw new UserException("stop");
        }

        Assert.Throws<UserException>(() => X2xWriter.Write(folder.File("x2x.parquet"), Rows()));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_DiskFull_IsAnErrorThatCanBeCaught()
    {
        // A device that is always full stands in for the disk, 64 kB of which are free.
        var rows = new[] { new Sample { Id = "1", Prompt = "p", ImageBytes = new byte[1 << 20] } };
        using var disk = new FullDisk(1 << 16);
        var error = Record.Exception(() =>
        {
            using var table = new ParquetTable(disk, [new ImageColumn("i", [])]);
            table.WriteRows([new ImageColumn("i", [(rows[0].ImageBytes, null)])]);
            table.Finish();
        });
        Assert.True(error is IOException or ParquetException, $"{error}");
    }

    private sealed class FullDisk(int free) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > free)
            {
                throw new IOException("No space left on device");
            }

            base.Write(buffer, offset, count);
        }
    }

    private static string[] Leaves(ParquetFileReader file) =>
        [.. Enumerable.Range(0, file.FileMetaData.Schema.NumColumns).Select(file.FileMetaData.Schema.Column)
            .Select(leaf => $"{leaf.Path.ToDotString()} {leaf.PhysicalType} {leaf.LogicalType.Type} {leaf.MaxDefinitionLevel} {leaf.MaxRepetitionLevel}")];
}
