using System.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Files of predictions that VLMEvalKit reads and writes: the data's columns without images, and a column "prediction"; as spreadsheet
/// (its usual form) or as tab-separated text (PRED_FORMAT=tsv).
/// </summary>
internal static class KitExchange
{
    /// <summary>Column of what the model wrote, where that is not what is scored. The kit passes over it.</summary>
    public const string Raw = "raw_prediction";

    /// <summary>Writes predictions for the kit's own scorer.</summary>
    /// <param name="path">….xlsx or ….tsv.</param>
    /// <param name="data">The benchmark's file.</param>
    /// <param name="predictions">Predictions of its items.</param>
    /// <param name="unwrap">What of an answer is scored.</param>
    /// <returns>Texts that a spreadsheet cannot hold whole.</returns>
    public static int Export(string path, KitData data, IReadOnlyList<Prediction> predictions, AnswerUnwrap unwrap)
    {
        var byId = predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Text!, StringComparer.Ordinal);
        var rows = Enumerable.Range(0, data.Table.Count).Where(row => byId.ContainsKey(data.Table[row, "index"].Text)).ToArray();
        string[] columns = [.. data.Table.Names, "prediction", .. unwrap == AnswerUnwrap.None ? (string[])[] : [Raw]];
        var cells = rows.Select(row =>
        {
            var raw = byId[data.Table[row, "index"].Text];
            return (IReadOnlyList<Cell>)[.. data.Table.Names.Select(name => data.Table[row, name]), Cell.Of(unwrap.Apply(raw)), .. unwrap == AnswerUnwrap.None ? (Cell[])[] : [Cell.Of(raw)]];
        });
        if (path.EndsWith(".xlsx", StringComparison.OrdinalIgnoreCase))
        {
            return XlsxWriter.Write(path, columns, cells);
        }

        var text = new StringBuilder().AppendJoin('\t', columns.Select(Field)).Append('\n');
        foreach (var row in cells)
        {
            text.AppendJoin('\t', row.Select(cell => cell.IsMissing ? "" : Field(cell.Text))).Append('\n');
        }

        AtomicFile.WriteText(path, text.ToString());
        return 0;
    }

    /// <summary>Reads predictions that somebody else made.</summary>
    /// <param name="path">….xlsx, ….tsv, or the ….jsonl of a run of ours.</param>
    /// <exception cref="UserException">Another kind of file, a column is missing, or an item occurs twice.</exception>
    public static IReadOnlyList<Prediction> Import(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"--predictions {path}: no such file");
        }

        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension == ".jsonl")
        {
            return PredictionFile.ReadAny(path);
        }

        var table = extension switch
        {
            ".xlsx" => XlsxReader.Read(path),
            ".tsv" => TsvReader.Read(path).Table,
            _ => throw new UserException($"--predictions {path}: expected .xlsx or .tsv of VLMEvalKit, or a run's predictions.jsonl"),
        };
        if (!table.Has("index") || !table.Has("prediction"))
        {
            throw new UserException($"{path}: expected the columns 'index' and 'prediction', got {string.Join(", ", table.Names.Take(20).Select(Quoted.Line))}");
        }

        var column = table.Has(Raw) ? Raw : "prediction"; // what is scored is taken out of its tags anew
        Prediction[] predictions = [.. Enumerable.Range(0, table.Count).Select(row => new Prediction(table[row, "index"].Text) { Text = table[row, column].TextOrNull ?? "" })];
        return predictions.GroupBy(prediction => prediction.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new UserException($"{path}: index {Quoted.Name(twice.Key)} occurs {twice.Count()} times")
            : predictions;
    }

    private static string Field(string text) => text.AsSpan().IndexOfAny("\t\n\r\"") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
