namespace Corl.Reports;

/// <summary>The completions of one step as a Parquet table: step, prompt, completion, truth, one column per reward, advantage, notes, image.</summary>
internal static class CompletionsFile
{
    public static void Write(string path, long step, IReadOnlyList<Completion> rows)
    {
        string[] rewards = [.. rows.SelectMany(row => row.Rewards.Keys).Distinct().Order(StringComparer.Ordinal)];
        string[] notes = [.. rows.SelectMany(row => row.Notes.Keys).Distinct().Except(rewards).Order(StringComparer.Ordinal)];
        List<TableColumn> columns =
        [
            new IntegerColumn("step", [.. rows.Select(_ => step)]),
            new TextColumn("prompt", [.. rows.Select(row => row.Prompt)]),
            new TextColumn("completion", [.. rows.Select(row => row.Text)]),
            new TextColumn("truth", [.. rows.Select(row => row.Truth)]),
            .. rewards.Select(name => new NumberColumn(name, [.. rows.Select(row => row.Rewards.GetValueOrDefault(name))])),
            new NumberColumn("advantage", [.. rows.Select(row => row.Advantage)]),
            .. notes.Select(name => new TextColumn(name, [.. rows.Select(row => row.Notes.GetValueOrDefault(name))])),
            new ImageColumn("image", [.. rows.Select(row => (row.Image, (string?)null))]),
        ];

        // In memory first: an error of the disk then reaches the user as what it is, not as the native writer's.
        using var bytes = new MemoryStream();
        using (var table = new ParquetTable(bytes, columns))
        {
            table.WriteRows(columns);
            table.Finish();
        }

        AtomicFile.Write(path, stream => bytes.WriteTo(stream));
    }
}
