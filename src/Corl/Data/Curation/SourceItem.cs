namespace Corl.Data.Curation;

/// <summary>One item of a source's file, not parsed yet, so that a bad one can be named and passed over.</summary>
/// <param name="Where">Its name in messages, for example "problems.json, '17'".</param>
/// <param name="Key">Its key in the object that holds it, otherwise its number in the file.</param>
/// <param name="Utf8">The item as JSON.</param>
/// <param name="Row">Its row where the file is a Parquet file, whose images are read apart.</param>
internal sealed record SourceItem(string Where, string Key, ReadOnlyMemory<byte> Utf8, int? Row = null)
{
    /// <summary>The item's content.</summary>
    /// <exception cref="UserException">It is not JSON; the message names it.</exception>
    public JsonAt Parse() => JsonAt.Parse(Where, Utf8);
}
