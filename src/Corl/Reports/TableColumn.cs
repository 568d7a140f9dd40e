namespace Corl.Reports;

/// <summary>A column of a Parquet table: its name and the values of one row group.</summary>
internal abstract record TableColumn(string Name);

/// <summary>Text; null where there is none.</summary>
internal sealed record TextColumn(string Name, string?[] Values) : TableColumn(Name);

/// <summary>Numbers; null where there is none.</summary>
internal sealed record NumberColumn(string Name, double?[] Values) : TableColumn(Name);

/// <summary>Whole numbers.</summary>
internal sealed record IntegerColumn(string Name, long[] Values) : TableColumn(Name);

/// <summary>Image files with the name they had; an empty one is null.</summary>
internal sealed record ImageColumn(string Name, (ReadOnlyMemory<byte> Bytes, string? Path)[] Values) : TableColumn(Name);
