using System.Globalization;
using System.Text;

namespace Corl.Evaluation.Drawing;

/// <summary>What a verdict counts in.</summary>
/// <param name="Tag">The task.</param>
/// <param name="Prompt">Tells prompts apart: the line of the prompt file.</param>
/// <param name="Correct">The verdict.</param>
internal readonly record struct GenEvalOutcome(string Tag, string Prompt, bool Correct);

/// <summary>GenEval's table over the verdicts of all images (evaluation/summary_scores.py).</summary>
internal sealed class GenEvalSummary
{
    private readonly IReadOnlyList<GenEvalOutcome> _outcomes;

    /// <summary>Summarises verdicts; tasks stand in the order in which they first occur.</summary>
    public GenEvalSummary(IReadOnlyList<GenEvalOutcome> outcomes)
    {
        _outcomes = outcomes;
        Tasks = [.. outcomes.GroupBy(one => one.Tag).Select(group => (group.Key, group.Count(one => one.Correct), group.Count()))];
    }

    /// <summary>Correct images and all images of each task.</summary>
    public IReadOnlyList<(string Tag, int Correct, int Images)> Tasks { get; }

    /// <summary>Mean of the tasks' shares, 0 to 1: every task weighs the same, however many images it has.</summary>
    public double Overall => Tasks.Average(task => (double)task.Correct / task.Images);

    /// <summary>Share of images that are correct.</summary>
    public double CorrectImages => _outcomes.Average(one => one.Correct ? 1.0 : 0);

    /// <summary>Share of prompts with a correct image.</summary>
    public double CorrectPrompts
    {
        get
        {
            var prompts = _outcomes.GroupBy(one => one.Prompt).ToArray();
            return (double)prompts.Count(prompt => prompt.Any(one => one.Correct)) / prompts.Length;
        }
    }

    /// <summary>The table as the official tool prints it.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"Summary");
        Line($"=======");
        Line($"Total images: {_outcomes.Count}");
        Line($"Total prompts: {_outcomes.Select(one => one.Prompt).Distinct().Count()}");
        Line($"% correct images: {CorrectImages * 100:F2}%");
        Line($"% correct prompts: {CorrectPrompts * 100:F2}%");
        Line($"");
        Line($"Task breakdown");
        Line($"==============");
        foreach (var (tag, correct, images) in Tasks)
        {
            Line($"{tag,-16} = {(double)correct / images * 100:F2}% ({correct} / {images})");
        }

        Line($"");
        Line($"Overall score (avg. over tasks): {Overall:F5}");
        return text.ToString();
    }
}
