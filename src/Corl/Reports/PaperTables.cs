using System.Text.Json;

namespace Corl.Reports;

/// <summary>The numbers of the paper's tables, as printed: assets/paper/paper-tables.json.</summary>
internal static class PaperTables
{
    private const string Resource = "paper-tables.json";

    private static readonly JsonSerializerOptions Style = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly Lazy<PaperDocument> Document = new(() =>
    {
        using var stream = typeof(PaperTables).Assembly.GetManifestResourceStream(Resource)!;
        return JsonSerializer.Deserialize<PaperDocument>(stream, Style)!;
    });

    /// <summary>Where the numbers come from.</summary>
    public static string Source => Document.Value.Source;

    /// <summary>All tables, Figure 1 among them, which has no printed numbers.</summary>
    public static IReadOnlyList<PaperTable> All => Document.Value.Tables;

    /// <summary>The table of a name: fig1, table1 to table4.</summary>
    public static PaperTable Of(string id) => All.Single(table => table.Id == id);

    private sealed record PaperDocument(string Source, IReadOnlyList<PaperTable> Tables);
}

/// <summary>A table of the paper.</summary>
/// <param name="Id">fig1, table1 to table4.</param>
/// <param name="Title">Its title.</param>
/// <param name="Columns">Benchmarks.</param>
/// <param name="Notes">What a reader of the numbers must know.</param>
/// <param name="Rows">Models or settings, in the paper's order.</param>
internal sealed record PaperTable(string Id, string Title, IReadOnlyList<string> Columns, IReadOnlyList<string> Notes, IReadOnlyList<PaperRow> Rows)
{
    /// <summary>The number in a row and a column; null where the paper has none.</summary>
    public double? Value(string row, string column) => Rows.Single(r => r.Name == row).Values[Columns.ToList().IndexOf(column)];
}

/// <summary>A row of a table of the paper.</summary>
/// <param name="Name">The model or the setting.</param>
/// <param name="Values">By column; null where the paper prints none.</param>
internal sealed record PaperRow(string Name, IReadOnlyList<double?> Values)
{
    /// <summary>Size, resolution and kind of a model, or its language model; the stage of a setting.</summary>
    public string? Detail { get; init; }

    /// <summary>The part of the table that it stands in.</summary>
    public string? Group { get; init; }
}
