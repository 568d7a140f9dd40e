using Corl.Rollouts;
using Corl.Shapes;
using Corl.Training;

namespace Corl.Cli;

/// <summary>
/// A small ShapesEval and ShapesQA during training, on prompts and questions that neither training nor the published figures use, judged
/// by the exact detector.
/// </summary>
internal static class ShapesValidation
{
    /// <summary>For a run in the Shapes world: as many images as <see cref="TrainingConfig.EvalRows"/>, and as many answers.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="settings">What is trained: only that counts in the score.</param>
    public static Validation Of(Policy policy, TrainingConfig settings)
    {
        var prompts = Math.Max(1, settings.EvalRows / (World.Tasks.Length * ShapesEval.ImagesPerPrompt));
        var questions = Math.Max(1, settings.EvalRows / 2);
        return new Validation(Measure, "score");

        IReadOnlyDictionary<string, double> Measure()
        {
            var player = new ShapesPlayer(policy, settings.Seed);
            Dictionary<string, double> measured = [];
            List<double> scores = [];
            if (settings.NeedsPrompts)
            {
                var images = ShapesEval.Run(player.Paint, prompts, first: Seeds.Validation);
                (measured["shapes_eval"], measured["strict"]) = (images.Overall, images.Strict);
                scores.Add(images.Strict);
            }

            if (settings.NeedsQuestions)
            {
                var answers = ShapesQa.Run(player.Answer, greedy: false, questions, first: Seeds.Validation);
                (measured["mcq_tagged"], measured["open_ended_tagged"]) = (answers.McqTagged, answers.OpenEndedTagged);
                scores.Add(settings.Tasks switch
                {
                    StageTasks.Mcq => answers.McqTagged,
                    StageTasks.Oe => answers.OpenEndedTagged,
                    _ => (answers.McqTagged + answers.OpenEndedTagged) / 2,
                });
            }

            measured["score"] = scores.Average();
            return measured;
        }
    }
}
