using ParquetSharp;

namespace Corl.Tests.Reports;

/// <summary>Reads number columns of a table as a stranger would.</summary>
internal static class ParquetProbe
{
    /// <summary>The reward columns: numbers between "truth" and "advantage".</summary>
    public static string[] NumberColumns(string path)
    {
        using var file = new ParquetFileReader(path);
        return [.. Names(file).SkipWhile(name => name != "truth").Skip(1).TakeWhile(name => name != "advantage")];
    }

    public static double?[] Numbers(string path, string column)
    {
        using var file = new ParquetFileReader(path);
        using var group = file.RowGroup(0);
        using var reader = group.Column(Array.IndexOf(Names(file), column)).LogicalReader<double?>();
        return reader.ReadAll((int)group.MetaData.NumRows);
    }

    private static string[] Names(ParquetFileReader file) => [.. Enumerable.Range(0, file.FileMetaData.Schema.NumColumns).Select(i => file.FileMetaData.Schema.Column(i).Path.ToDotString())];
}
