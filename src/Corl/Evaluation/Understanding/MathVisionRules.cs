using Corl.Text.Mathematics;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// MathVision: as MathVista, with formulas compared by <see cref="MathVisionEquality"/>. Counts and percent over all rows and by subject.
/// In the state of 2025-05 an open answer never counts as it stands: the comparison's time limit fails in the kit's worker threads, so that
/// all of them go to the judge.
/// </summary>
internal static class MathVisionRules
{
    public static async Task<KitScores> Score(KitScoring scoring)
    {
        var read = await scoring.EachRow((row, interrupt) => Extracted(scoring, row, interrupt));
        var results = Cell.Typed([.. read.Select(extract => extract.Result)]); // written to a file and read again
        KitVerdict[] verdicts = [.. read.Select((extract, row) => Verdict(scoring, results[row], row, extract))];
        var parts = ShareTable.Counts([.. verdicts.Select(verdict => verdict.Groups)], [.. read.Select(extract => extract.IsPrefetched)], [.. verdicts.Select(verdict => verdict.Score > 0)]);
        return new KitScores(parts[0].Values["acc"], parts, verdicts);
    }

    private static async Task<Extract> Extracted(KitScoring scoring, int row, CancellationToken interrupt)
    {
        var answer = scoring.Text(row, "prediction");
        var choices = MathExtraction.Choices(scoring, row);
        var known = choices.Count > 0 ? OptionInference.Infer(answer, choices, scoring.Profile)
            : scoring.Profile == KitProfile.Head && MathVisionEquality.AreEqual(answer, scoring.Text(row, "answer"), scoring.Profile) ? answer
            : null;
        if (!string.IsNullOrEmpty(known))
        {
            return new Extract(Cell.Of(known), IsPrefetched: true, []);
        }

        if (scoring.Judge is null)
        {
            var final = StandIn.Final(answer);
            return new Extract(Cell.Of(choices.Count > 0 || MathVisionEquality.AreEqual(final, scoring.Text(row, "answer"), scoring.Profile) ? final : StandIn.Number(answer) ?? final), IsPrefetched: false, []);
        }

        return await MathExtraction.Ask(scoring, row, "mathvision/extract", [("question", scoring.Text(row, "question")), ("prediction", answer)], interrupt);
    }

    private static KitVerdict Verdict(KitScoring scoring, Cell result, int row, Extract extract)
    {
        var truth = scoring.Text(row, "answer");
        var choices = MathExtraction.Choices(scoring, row);
        var said = choices.Count > 0 ? OptionInference.Infer(result.Text, choices, scoring.Profile) : result.Text;
        var isRight = said is not null && (MathVisionEquality.AreEqual(said, truth, scoring.Profile) || (scoring.Fixes.Symbolic && choices.Count == 0 && MathAnswer.Compare(truth, said, MathLevel.P1).IsEqual));
        return KitVerdict.Of(isRight, $"{extract.Reader} {said ?? "no option"}, {truth} is right", result.TextOrNull) with { Groups = [scoring.Text(row, "category")], Replies = extract.Replies };
    }
}
