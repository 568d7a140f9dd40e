using System.Text.RegularExpressions;

namespace Corl.Data.Curation;

/// <summary>
/// ArxivQA: arxivqa.jsonl with id, image ("images/1501.00010_0.jpg"), options, question, label and rationale
/// (huggingface.co/datasets/MMInstruction/ArxivQA). A model wrote it: options begin with "A)", "A." or "[A]" or with nothing, some are
/// separators or headings, and a label may carry its option's text.
/// </summary>
internal static partial class ArxivQa
{
    public static Adapted Read(JsonAt item)
    {
        string[] options = SourceAdapters.Texts(item, "options");
        Match[] lettered = [.. options.Select(option => Lettered().Match(option))];
        var choices = lettered.Count(match => match.Success) >= 2 ? [.. lettered.Where(match => match.Success).Select(match => match.Groups[2].Value)] : options;
        string[] letters = [.. lettered.Where(match => match.Success).Select(match => match.Groups[1].Value.ToUpperInvariant())];
        if (letters.Length >= 2 && !letters.Select((letter, i) => letter[0] - 'A' == i).All(isInPlace => isInPlace))
        {
            return Adapted.Unfit("the options' letters are out of order");
        }

        var label = Label().Match(SourceAdapters.OptionalText(item, "label") ?? "");
        var correct = label.Success ? SourceAdapters.NumberOf(label.Groups[1].Value[0]) : -1;
        return SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault) : Adapted.As(new Problem
        {
            Id = item["id"].Text(),
            Question = item["question"].Text().Trim(),
            Choices = choices,
            Correct = correct,
            Rationale = SourceAdapters.OptionalText(item, "rationale"),
            Image = item["image"].Text(),
        });
    }

    [GeneratedRegex(@"\A\s*[(\[]?([A-Za-z])(?:[)\]][.:]?|[.:])\s*(\S.*)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Lettered();

    [GeneratedRegex(@"\A[(\[]?([A-Z])(?:[)\].:]|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Label();
}
