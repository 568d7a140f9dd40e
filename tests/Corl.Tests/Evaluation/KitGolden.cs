using System.Globalization;
using System.Text;
using System.Text.Json;
using Corl.Evaluation.Understanding;
using Corl.Imaging;

namespace Corl.Tests.Evaluation;

/// <summary>Golden files of the kit: fields that differ between its two states, and rows written as the data file they came from.</summary>
internal static class KitGolden
{
    public static readonly string Image = Convert.ToBase64String(ImageCodec.EncodePng(new RgbImage(16, 12, new byte[16 * 12 * 3])));

    public static readonly KitProfile[] Profiles = [KitProfile.May2025, KitProfile.Head];

    /// <summary>A field, or the profile's half of it where the two differ.</summary>
    public static JsonElement Of(JsonElement field, KitProfile profile) =>
        field.ValueKind == JsonValueKind.Object && field.TryGetProperty("2025-05", out var may) && field.TryGetProperty("head", out var head) ? (profile == KitProfile.Head ? head : may) : field;

    public static KitTask Task(string dataSet) => KitTask.All.Single(task => task.DataSet == dataSet);

    /// <summary>Writes rows as pandas writes a tab-separated file.</summary>
    public static void WriteTsv(string path, IReadOnlyList<JsonElement> rows)
    {
        string[] columns = [.. rows.SelectMany(row => row.EnumerateObject().Select(cell => cell.Name)).Distinct().Where(name => name != "prediction")];
        var text = new StringBuilder().AppendJoin('\t', [.. columns, "image"]).Append('\n');
        foreach (var row in rows)
        {
            text.AppendJoin('\t', [.. columns.Select(name => row.TryGetProperty(name, out var cell) ? Field(cell) : ""), Image]).Append('\n');
        }

        File.WriteAllText(path, text.ToString());
    }

    private static string Field(JsonElement cell)
    {
        var text = cell.ValueKind switch
        {
            JsonValueKind.Null => "",
            JsonValueKind.String => cell.GetString()!,
            _ => cell.GetRawText(),
        };
        return text.AsSpan().IndexOfAny("\t\n\r\"") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    public static string Percent(double? value) => value is { } number ? number.ToString("F2", CultureInfo.InvariantCulture) + "%" : "nan%";
}
