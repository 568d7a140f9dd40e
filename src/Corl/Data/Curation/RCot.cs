namespace Corl.Data.Curation;

/// <summary>
/// R-CoT: GeoMM.json, a list of objects with image, a list of one path that begins with the author's folders ("Your_path/R-CoT-main/
/// GeoMM/…"), and two conversations; or the JSON Lines of its smaller models, whose image is a path below GeoMM/result or
/// GeoMM/result_circle (github.com/dle666/R-CoT, huggingface.co/datasets/dle666/R-CoT). The image folder is GeoMM, or the one below.
/// </summary>
internal static class RCot
{
    private const string Folder = "GeoMM/";

    public static Adapted Read(JsonAt item, string key)
    {
        var image = item["image"];
        var path = (image.Kind == System.Text.Json.JsonValueKind.Array ? image.Items().FirstOrDefault() is { File: not null } first ? first : throw image.Error("an empty list") : image).Text().Replace('\\', '/');
        var at = path.LastIndexOf(Folder, StringComparison.Ordinal);
        return Conversation.Read(item, key, at < 0 ? path : path[(at + Folder.Length)..], row: null);
    }
}
