using System.Text.RegularExpressions;

namespace Corl.Data.Curation;

/// <summary>
/// GPT-VQA of MLLM-DataEngine (github.com/opendatalab/MLLM-DataEngine). Version 1, DataEngine_round1_data.json and _round2_: a list like
/// A-OKVQA's, with image_id, question, choices, correct_choice_idx and rationales that begin with "Explanation:", and neither ids nor
/// direct answers. Version 2: image (a path), instruction, options and choice_answer (a letter), or answer alone for open questions.
/// </summary>
internal static partial class GptVqa
{
    public static Adapted Read(JsonAt item, string key) => item.Find("instruction") is null ? First(item, key) : Second(item, key);

    private static Adapted First(JsonAt item, string key)
    {
        var choices = SourceAdapters.Texts(item, "choices");
        var correct = item["correct_choice_idx"].Integer(-1, int.MaxValue);
        if (SourceAdapters.Fault(choices, correct) is { } fault)
        {
            return Adapted.Unfit(fault);
        }

        var rationale = SourceAdapters.Texts(item, "rationales").MaxBy(text => text.Length);
        if (rationale?.Contains("description", StringComparison.OrdinalIgnoreCase) == true)
        {
            return Adapted.Unfit("the rationale speaks of a description"); // of the text that stood for the image when it was written; upstream drops these too
        }

        if (item["image_id"].Kind != System.Text.Json.JsonValueKind.Number)
        {
            return Adapted.Unfit("not a COCO image");
        }

        var image = item["image_id"].Integer(0, int.MaxValue);
        return Adapted.As(new Problem
        {
            Id = $"{image}-{key}",
            Question = item["question"].Text().Trim(),
            Choices = choices,
            Correct = correct,
            Rationale = rationale is null ? null : Heading().Replace(rationale, ""),
            Image = AOkvqa.FileOf(image),
            CocoId = image,
        });
    }

    private static Adapted Second(JsonAt item, string key)
    {
        var image = item["image"].Text();
        var choices = SourceAdapters.Texts(item, "options");
        var letter = SourceAdapters.OptionalText(item, "choice_answer");
        var answer = SourceAdapters.OptionalText(item, "answer");
        var correct = letter is null ? -1 : SourceAdapters.NumberOf(letter[0]);
        return letter is not null && SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault)
            : letter is null && answer is null ? Adapted.Unfit("no answer")
            : Adapted.As(new Problem
            {
                Id = $"v2-{key}",
                Question = item["instruction"].Text().Trim(),
                Choices = letter is null ? [] : choices,
                Correct = Math.Max(0, correct),
                Answer = letter is null ? answer : null,
                Rationale = letter is not null ? answer : null,
                Image = image,
                CocoId = CocoName().Match(image) is { Success: true } name ? long.Parse(name.Groups[1].ValueSpan, null) : null,
            });
    }

    [GeneratedRegex(@"\AExplanations?:\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Heading();

    [GeneratedRegex(@"(\d{12})\.jpg\z", RegexOptions.CultureInvariant)]
    private static partial Regex CocoName();
}
