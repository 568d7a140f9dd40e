using Corl.Imaging;
using Corl.Reports;
using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>The same prompts and questions put to the policy after every stage, with the same random numbers.</summary>
internal sealed class DemoShowcase
{
    private const int ImagesEach = 4, PromptsOfEachTask = 2, QuestionsOfEachType = 4;
    private readonly ShapesPlayer _player;
    private readonly ShapesRecord[] _prompts;
    private readonly (SceneQuestion Question, byte[] Image)[] _questions;
    private readonly List<(string Stage, byte[][] Images, string[] Answers)> _seen = [];

    public DemoShowcase(Policy policy, ulong seed)
    {
        _player = new ShapesPlayer(policy, seed);
        _prompts = [.. ShapesEval.Prompts(PromptsOfEachTask)];
        _questions =
        [
            .. from multipleChoice in new[] { true, false }
            from i in Enumerable.Range(0, QuestionsOfEachType)
            let record = ShapesRecord.Of(Seeds.ShapesQa + (ulong)i)
            select (SceneQuestion.Of(record, multipleChoice), SceneRenderer.Render(record.Scene)),
        ];
    }

    /// <summary>Draws and answers with today's policy.</summary>
    public void Look(string stage) => _seen.Add((
        stage,
        [.. _player.Paint([.. _prompts.Select(p => p.Prompt)], ImagesEach, 0)],
        [.. _player.Answer([.. _questions.Select(q => q.Image)], [.. _questions.Select(q => q.Question.Text)], greedy: true, 0)]));

    /// <summary>Every prompt with the images of every stage, judged strictly.</summary>
    public IReadOnlyList<ImageComparison> Images => [.. _prompts.Select((prompt, i) => new ImageComparison(
        prompt.Prompt,
        new ReportImage(Png(SceneRenderer.Render(prompt.Scene))),
        [.. _seen.Select(s => (s.Stage, (IReadOnlyList<ReportImage>)[.. s.Images.Skip(i * ImagesEach).Take(ImagesEach).Select(bytes => new ReportImage(Png(bytes), null, Verdict.PassesStrictly(prompt.Meaning, Detector.Detect(bytes))))]))]))];

    /// <summary>Every question with the answers of every stage.</summary>
    public IReadOnlyList<AnswerComparison> Answers => [.. _questions.Select((q, i) => new AnswerComparison(
        q.Question.Text, q.Question.Answer, new ReportImage(Png(q.Image)), [.. _seen.Select(s => (s.Stage, s.Answers[i], (bool?)ShapesQa.IsRight(s.Answers[i], q.Question.Answer)))]))];

    private static byte[] Png(byte[] pixels) => ImageCodec.EncodePng(new RgbImage(World.Size, World.Size, pixels));
}
