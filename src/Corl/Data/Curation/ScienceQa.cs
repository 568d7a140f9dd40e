namespace Corl.Data.Curation;

/// <summary>
/// ScienceQA, the problems with an image (SQA-IMG): problems.json, an object of problems by number with question, choices, answer (an
/// index), hint, image (a file name or null), lecture, solution and split, the image being SPLIT/NUMBER/FILE; or Parquet with the image
/// inside (github.com/lupantech/ScienceQA, huggingface.co/datasets/derek-thomas/ScienceQA).
/// </summary>
internal static class ScienceQa
{
    public static Adapted Read(JsonAt item, SourceItem at)
    {
        if (SourceAdapters.IsHeldOut(item))
        {
            return Adapted.Unfit("not of the train split");
        }

        var file = at.Row is null ? SourceAdapters.OptionalText(item, "image") : null;
        if (at.Row is null && file is null)
        {
            return Adapted.Unfit("no image");
        }

        var (choices, correct) = (SourceAdapters.Texts(item, "choices"), item["answer"].Integer(-1, int.MaxValue));
        return SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault) : Adapted.As(new Problem
        {
            Id = at.Key,
            Question = SourceAdapters.WithContext(SourceAdapters.OptionalText(item, "hint"), item["question"].Text().Trim()),
            Choices = choices,
            Correct = correct,
            Rationale = SourceAdapters.OptionalText(item, "solution") ?? SourceAdapters.OptionalText(item, "lecture"),
            Image = file is null ? null : $"{SourceAdapters.OptionalText(item, "split") ?? "train"}/{at.Key}/{file}",
            Row = at.Row,
        });
    }
}
