namespace Corl.Data.Curation;

/// <summary>
/// TabMWP: problems_train.json, an object of problems by number with question, choices (or null), answer, unit, table_title, solution,
/// ques_type (multi_choice or free_text), ans_type and split; the table is tables/NUMBER.png (github.com/lupantech/PromptPG). The unit
/// stays in the question, as the set's own prompts write it.
/// </summary>
internal static class Tabmwp
{
    public static Adapted Read(JsonAt item, string key)
    {
        if (SourceAdapters.IsHeldOut(item))
        {
            return Adapted.Unfit("not of the train split");
        }

        var (choices, answer) = (SourceAdapters.Texts(item, "choices"), SourceAdapters.TextOrNumber(item, "answer"));
        var unit = SourceAdapters.OptionalText(item, "unit");
        var correct = Array.IndexOf(choices, answer);
        return choices.Length > 0 && SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault) : Adapted.As(new Problem
        {
            Id = key,
            Question = item["question"].Text().Trim() + (unit is null ? "" : $" (Unit: {unit})"),
            Choices = choices,
            Correct = Math.Max(0, correct),
            Answer = choices.Length > 0 ? null : answer,
            Rationale = SourceAdapters.OptionalText(item, "solution"),
            Image = $"tables/{key}.png",
        });
    }
}
