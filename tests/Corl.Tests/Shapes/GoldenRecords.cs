using System.Text.Json;

namespace Corl.Tests.Shapes;

/// <summary>The stored records of the Shapes world: everything that follows from a seed, as its reference implementation computed it.</summary>
internal static class GoldenRecords
{
    private static readonly Lazy<JsonElement[]> Lines = new(() =>
        [.. File.ReadLines(GoldenFiles.Path("shapes/records.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)]);

    public static IReadOnlyList<JsonElement> All => Lines.Value;

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static double Number(this JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
