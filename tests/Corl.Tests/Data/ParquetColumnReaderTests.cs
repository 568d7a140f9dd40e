using Corl.Data;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Corl.Tests.Data;

/// <summary>Windows of rows, blocks of rows and what stays in memory.</summary>
public sealed class ParquetColumnReaderTests
{
    private static readonly string[] Files = ["x2x_rft.parquet", "pages_v2.parquet", "encodings.parquet", "image_lists.parquet", "nulls.parquet", "large_types.parquet"];

    public static TheoryData<string> WithManyShapes => [.. Files];

    [Theory]
    [MemberData(nameof(WithManyShapes))]
    public void Read_AnyWindow_GivesThatPartOfTheWhole(string file)
    {
        using var parquet = new ParquetFileReader(GoldenFiles.Path($"formats/parquet/{file}"));
        using var group = parquet.RowGroup(0);
        var rows = (int)group.MetaData.NumRows;
        for (var leaf = 0; leaf < parquet.FileMetaData.Schema.NumColumns; leaf++)
        {
            if (parquet.FileMetaData.Schema.Column(leaf).PhysicalType != PhysicalType.ByteArray)
            {
                continue;
            }

            var whole = ParquetColumnReader.Read(group, leaf, 0, rows, long.MaxValue);
            for (var first = 0; first < rows; first++)
            {
                for (var count = 1; count <= rows - first; count++)
                {
                    Assert.Equal(whole[first..(first + count)], ParquetColumnReader.Read(group, leaf, first, count, long.MaxValue));
                }
            }
        }
    }

    [Fact]
    public void Read_List_TakesEachRowsFirstElement()
    {
        // options of image_lists.parquet: the first i of a, b, c, d in row i, so none in row 0.
        using var parquet = new ParquetFileReader(GoldenFiles.Path("formats/parquet/image_lists.parquet"));
        using var group = parquet.RowGroup(0);
        var options = Enumerable.Range(0, parquet.FileMetaData.Schema.NumColumns).Single(i => parquet.FileMetaData.Schema.Column(i).Path.ToDotString() == "options.list.element");
        Assert.Equal([null, "a", "a", "a", "a"], ParquetColumnReader.Read(group, options, 0, 5, long.MaxValue).Select(value => value is null ? null : Encoding.UTF8.GetString(value)));
    }

    [Fact]
    public void Read_MoreRowsThanThereAre_IsRefused()
    {
        using var parquet = new ParquetFileReader(GoldenFiles.Path("formats/parquet/pages_v2.parquet"));
        using var group = parquet.RowGroup(0);
        Assert.Contains("rows where the footer says", Assert.Throws<InvalidDataException>(() => ParquetColumnReader.Read(group, 0, 0, 10, long.MaxValue)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MoreBytesThanAllowed_IsRefused()
    {
        using var parquet = new ParquetFileReader(GoldenFiles.Path("formats/parquet/pages_v2.parquet"));
        using var group = parquet.RowGroup(0);
        Assert.Contains("more than 1,000 bytes", Assert.Throws<InvalidDataException>(() => ParquetColumnReader.Read(group, 0, 0, 9, 1000)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadInBlocks_GivesTheSameRows()
    {
        // Blocks of one row each, and room for hardly two of them: every way through the file meets loads and evictions.
        var path = GoldenFiles.Path("formats/parquet/x2x_rft.parquet");
        using var whole = SampleSet.Open(path);
        var cache = new RowBlockCache(maxBytes: 2_000, blockBytes: 1);
        using var blocks = ParquetSource.Open(path, "x2x", ColumnNames.Default, SampleParts.All, new RowBuilder([""], SampleParts.All), cache);
        Assert.Equal(7, blocks.File.Rows);
        foreach (var row in new[] { 0, 1, 2, 3, 4, 5, 6, 6, 0, 3, 5, 1 })
        {
            var (expected, read) = (whole.Read(row), blocks.Read(row));
            Assert.Equal((expected.Prompt, expected.Question, expected.Answer, expected.Type), (read.Prompt, read.Question, read.Answer, read.Type));
            Assert.Equal(expected.ImageBytes.ToArray(), read.ImageBytes.ToArray());
        }
    }

    [Fact]
    public void Cache_KeepsTheLastUsedUpToItsBytes()
    {
        var cache = new RowBlockCache(maxBytes: 250, blockBytes: 1);
        using var source = new GeneratedSource("a", 0, SampleParts.None, _ => throw new InvalidOperationException());
        List<int> loaded = [];
        void Get(int index) => cache.Get(source, index, () =>
        {
            loaded.Add(index);
            return new RowBlock(index, [], 100);
        });
        foreach (var index in new[] { 1, 2, 1, 3, 1, 2 }) // 3 pushes out 2, because 1 was used since
        {
            Get(index);
        }

        Assert.Equal([1, 2, 3, 2], loaded);
    }
}
