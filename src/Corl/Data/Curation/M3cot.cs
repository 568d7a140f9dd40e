namespace Corl.Data.Curation;

/// <summary>
/// M³CoT: objects with id, category, image_id, question, choices, context, answer (a letter), rationale, split, domain and topic, as
/// train.jsonl with images/ID.png, or as Parquet with the image inside (github.com/LightChen233/M3CoT, huggingface.co/datasets/LightChen2333/M3CoT).
/// </summary>
internal static class M3cot
{
    public static Adapted Read(JsonAt item, int? row)
    {
        if (SourceAdapters.IsHeldOut(item))
        {
            return Adapted.Unfit("not of the train split");
        }

        var (id, choices, answer) = (item["id"].Text(), SourceAdapters.Texts(item, "choices"), item["answer"].Text().Trim());
        var correct = answer.Length == 1 ? SourceAdapters.NumberOf(answer[0]) : -1;
        return SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault) : Adapted.As(new Problem
        {
            Id = id,
            Question = SourceAdapters.WithContext(SourceAdapters.OptionalText(item, "context"), item["question"].Text().Trim()),
            Choices = choices,
            Correct = correct,
            Rationale = SourceAdapters.OptionalText(item, "rationale"),
            Image = row is null ? $"images/{id}.png" : null,
            Row = row,
        });
    }
}
