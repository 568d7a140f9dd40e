using System.Text.Json;

namespace Corl.Tests;

/// <summary>Golden files of one JSON document, in which null is NaN (or "not set") and "inf" is infinity.</summary>
internal static class GoldenJson
{
    public static JsonElement Read(string relative) => JsonElement.Parse(File.ReadAllBytes(GoldenFiles.Path(relative)));

    public static double Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => double.NaN,
        JsonValueKind.String => element.GetString() == "inf" ? double.PositiveInfinity : double.NegativeInfinity,
        _ => element.GetDouble(),
    };

    public static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(Number)];
}
