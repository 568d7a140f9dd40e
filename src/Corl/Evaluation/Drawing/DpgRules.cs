namespace Corl.Evaluation.Drawing;

/// <summary>What of the official program's behaviour is kept that looks unintended (dpg_bench/compute_dpg_bench.py at 3c228f1).</summary>
internal sealed record DpgRules
{
    /// <summary>Whether the first row of the file counts; the official program skips it, and with it a prompt whose questions build on it.</summary>
    public bool KeepFirstRow { get; init; }

    /// <summary>
    /// Whether categories are made of all cells' scores; the official program takes the last cell's answers, also those that a "no" to a
    /// parent makes void.
    /// </summary>
    public bool CategoriesOfAllCells { get; init; }

    /// <summary>As published numbers are made.</summary>
    public static DpgRules Official { get; } = new();

    /// <summary>Without both.</summary>
    public static DpgRules Fixed { get; } = new() { KeepFirstRow = true, CategoriesOfAllCells = true };

    /// <summary>
    /// The scores of one cell: 1 for a yes, 0 where the answer is no or a parent has 0 when its turn comes. Questions take their turns in
    /// the order of the file, so a parent that comes later counts with its answer alone.
    /// </summary>
    /// <param name="questions">The questions.</param>
    /// <param name="answers">For each question whether the answer is yes.</param>
    /// <returns>For each question 0 or 1; null when a question names a parent that is not there, which the official program fails at.</returns>
    public static double[]? Gate(IReadOnlyList<DpgQuestion> questions, IReadOnlyList<bool> answers)
    {
        double[] scores = [.. answers.Select(yes => yes ? 1.0 : 0)];
        var places = questions.Index().ToDictionary(pair => pair.Item.Id, pair => pair.Index);
        for (var i = 0; i < scores.Length; i++)
        {
            foreach (var parent in questions[i].Parents.Where(parent => parent != 0))
            {
                if (!places.TryGetValue(parent, out var place))
                {
                    return null;
                }

                if (scores[place] == 0)
                {
                    scores[i] = 0;
                    break;
                }
            }
        }

        return scores;
    }
}

/// <summary>Answers about one image, and the scores that follow.</summary>
/// <param name="Item">The prompt and its questions.</param>
/// <param name="Answers">[cells][questions] whether the answer is yes.</param>
internal sealed record DpgScore(DpgItem Item, IReadOnlyList<IReadOnlyList<bool>> Answers)
{
    /// <summary>[cells][questions] 0 or 1; null when the item cannot be scored.</summary>
    public IReadOnlyList<double[]>? Scores { get; } = Answers.Select(cell => DpgRules.Gate(Item.Questions, cell)).ToArray() is var all && all.All(cell => cell is not null) ? [.. all.Select(cell => cell!)] : null;

    /// <summary>Mean score of each cell.</summary>
    public double[] Cells => [.. Scores!.Select(cell => cell.Average())];

    /// <summary>Mean of the cells, 0 to 1.</summary>
    public double Image => Cells.Average();
}

/// <summary>DPG-Bench's table.</summary>
internal sealed class DpgTable
{
    /// <summary>Summarises images; those that cannot be scored are left out, as the official program does.</summary>
    public DpgTable(IReadOnlyList<DpgScore> images, DpgRules rules)
    {
        Failed = [.. images.Where(image => image.Scores is null).Select(image => image.Item.Id)];
        DpgScore[] scored = [.. images.Where(image => image.Scores is not null)];
        Images = scored.Length;
        Overall = scored.Length > 0 ? scored.Average(image => image.Image) * Percent : null;
        var parts = scored.SelectMany(image => image.Item.Questions.SelectMany((question, i) => Parts(image, i, rules).Select(value => (question, value)))).ToArray();
        Broad = Means(parts.GroupBy(part => part.question.BroadCategory, part => part.value));
        Detailed = Means(parts.GroupBy(part => part.question.Category, part => part.value));
    }

    private const double Percent = 100;

    /// <summary>Images that were scored.</summary>
    public int Images { get; }

    /// <summary>Items left out because a question names a parent that is not there.</summary>
    public IReadOnlyList<string> Failed { get; }

    /// <summary>Mean of the images' scores, per cent; null without images.</summary>
    public double? Overall { get; }

    /// <summary>Level-1 categories, per cent.</summary>
    public IReadOnlyList<(string Category, double Score, int Count)> Broad { get; }

    /// <summary>Level-2 categories, per cent.</summary>
    public IReadOnlyList<(string Category, double Score, int Count)> Detailed { get; }

    private static IEnumerable<double> Parts(DpgScore image, int question, DpgRules rules) =>
        rules.CategoriesOfAllCells ? image.Scores!.Select(cell => cell[question]) : [image.Answers[^1][question] ? 1 : 0];

    private static (string, double, int)[] Means(IEnumerable<IGrouping<string, double>> groups) =>
        [.. groups.OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (group.Key, group.Average() * Percent, group.Count()))];
}
