using Corl.Data;
using Corl.Training;
using Corl.Imaging;

namespace Corl.Shapes;

/// <summary>Rows of the Shapes world for reinforcement learning, rendered when they are read.</summary>
internal static class ShapesData
{
    /// <summary>Rows of a set: more than a demonstration draws, so that no row comes twice.</summary>
    public const int Rows = 1 << 16;

    /// <summary>The rows that a stage trains on; half of the questions are multiple-choice unless the stage wants one kind.</summary>
    /// <param name="tasks">What the stage trains.</param>
    /// <param name="reasoned">Whether an answer comes with its reasoning and tags, as fine-tuning shows it, instead of bare.</param>
    public static SampleSet For(StageTasks tasks, bool reasoned = false) =>
        SampleSet.Generate($"shapes-{tasks.ToString().ToLowerInvariant()}{(reasoned ? "-reasoned" : "")}-{Seeds.Reinforcement}-{Rows}", Rows, SampleParts.All, row => Row(row, tasks, reasoned));

    private static Sample Row(int row, StageTasks tasks, bool reasoned)
    {
        var record = ShapesRecord.Of(Seeds.Reinforcement + (ulong)row);
        var multipleChoice = tasks switch { StageTasks.Mcq => true, StageTasks.Oe => false, _ => row % 2 == 0 };
        var question = SceneQuestion.Of(record, multipleChoice);
        return new Sample
        {
            Id = $"shapes, row {row}",
            Prompt = record.Prompt,
            Question = question.Text,
            Answer = reasoned ? question.Response : question.Answer,
            Type = multipleChoice ? QuestionType.MultipleChoice : QuestionType.OpenEnded,
            RealImage = new RgbImage(World.Size, World.Size, SceneRenderer.Render(record.Scene)),
        };
    }
}
