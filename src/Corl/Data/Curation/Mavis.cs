namespace Corl.Data.Curation;

/// <summary>
/// MAVIS-Instruct: lists such as Geometry_Caption_to_Question.json of objects with id, image (a path), question_type, subject and two
/// conversations; the choices stand in the question after "Choices:", and the answer ends in "Answer: C" or "The answer is 5"
/// (github.com/ZrrSkywalker/MAVIS). The Parquet files of LLaVA-OneVision, mavis_math_rule_geo and mavis_math_metagen, have the same
/// conversations with the image inside.
/// </summary>
internal static class Mavis
{
    public static Adapted Read(JsonAt item, SourceItem at) =>
        Conversation.Read(item, SourceAdapters.OptionalText(item, "id") ?? at.Key, at.Row is null ? item["image"].Text() : null, at.Row);
}
