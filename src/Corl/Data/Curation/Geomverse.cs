namespace Corl.Data.Curation;

/// <summary>
/// GeomVerse: TRAIN/TRAIN_MIX/data.jsonl with question, cot, label (a number), tikz and image_path, which begins with "GeomVerse/": the
/// image folder is the one that holds GeomVerse (storage.googleapis.com/gresearch/GeomVerseV0).
/// </summary>
internal static class Geomverse
{
    public static Adapted Read(JsonAt item, string key) => Adapted.As(new Problem
    {
        Id = key,
        Question = item["question"].Text().Trim(),
        Answer = SourceAdapters.TextOrNumber(item, "label"),
        Rationale = SourceAdapters.OptionalText(item, "cot"),
        Image = item["image_path"].Text().Replace('\\', '/'),
    });
}
