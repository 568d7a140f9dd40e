namespace Corl.Data.Curation;

/// <summary>
/// A-OKVQA: a list of objects with split, image_id, question_id, question, choices, correct_choice_idx, direct_answers,
/// difficult_direct_answer and rationales; images are those of COCO 2017, train2017/000000000139.jpg (github.com/allenai/aokvqa).
/// </summary>
internal static class AOkvqa
{
    private const int FewestAgreeing = 3; // of ten direct answers; ours, after VQA's rule that an answer of three people is right

    public static Adapted Read(JsonAt item)
    {
        if (SourceAdapters.IsHeldOut(item))
        {
            return Adapted.Unfit("not of the train split");
        }

        var choices = SourceAdapters.Texts(item, "choices");
        var correct = item["correct_choice_idx"].Integer(-1, int.MaxValue);
        var answer = item.Find("difficult_direct_answer")?.Flag() == true ? null : Agreed(SourceAdapters.Texts(item, "direct_answers"));
        var hasChoice = SourceAdapters.Fault(choices, correct) is null;
        if (!hasChoice && answer is null)
        {
            return Adapted.Unfit(SourceAdapters.Fault(choices, correct)!);
        }

        var image = item["image_id"].Integer(0, int.MaxValue);
        return Adapted.As(new Problem
        {
            Id = item["question_id"].Text(),
            Question = item["question"].Text().Trim(),
            Choices = hasChoice ? choices : [],
            Correct = correct,
            Answer = answer,
            Rationale = SourceAdapters.Texts(item, "rationales").MaxBy(text => text.Length),
            Image = FileOf(image),
            CocoId = image,
        });
    }

    /// <summary>The file name of a COCO 2017 image.</summary>
    public static string FileOf(int image) => $"{image:D12}.jpg";

    private static string? Agreed(string[] answers)
    {
        var most = answers.Select(text => text.ToLowerInvariant()).GroupBy(text => text).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault();
        return most is not null && most.Count() >= FewestAgreeing && most.Key is not ("yes" or "no" or "") ? most.Key : null;
    }
}
