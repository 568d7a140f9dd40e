using Corl.Imaging;
using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>What the demo keeps of a policy between two stages: its results, and images and answers to show.</summary>
/// <param name="Name">before, stage1 or after.</param>
/// <param name="Scores">Its results.</param>
/// <param name="Images">PNG files by prompt of <see cref="Prompts"/>.</param>
/// <param name="IsRight">Whether each image passes strictly.</param>
/// <param name="Answers">Greedy answers to <see cref="Questions"/>.</param>
internal sealed record DemoResult(string Name, ShapesResult Scores, byte[][][] Images, bool[][] IsRight, string[] Answers)
{
    private const int PromptsPerTask = 2, ImagesPerPrompt = 4, QuestionsShown = 8;

    /// <summary>The prompts shown: two of each kind.</summary>
    public static IReadOnlyList<ShapesRecord> Prompts { get; } = Corl.Shapes.ShapesEval.Prompts(PromptsPerTask);

    /// <summary>The questions shown, by turns multiple-choice and open-ended, with the records they are about.</summary>
    public static IReadOnlyList<(ShapesRecord Record, SceneQuestion Question)> Questions { get; } =
    [
        .. Enumerable.Range(0, QuestionsShown).Select(i => ShapesRecord.Of(Seeds.ShapesQa + (ulong)i)).Select((record, i) => (record, SceneQuestion.Of(record, multipleChoice: i % 2 == 0))),
    ];

    /// <summary>Evaluates a policy and keeps what is shown of it. The same seed draws the same noise at every stage.</summary>
    public static DemoResult Of(string name, Policy policy, ulong seed, Action<string> stage)
    {
        var scores = ShapesResult.Of(policy, seed, ShapesSize.Full, stage);
        stage("images and answers to show");
        var player = new ShapesPlayer(policy, seed);
        var painted = player.Paint([.. Prompts.Select(record => record.Prompt)], ImagesPerPrompt, 0).Chunk(ImagesPerPrompt).ToArray();
        var answers = player.Answer([.. Questions.Select(x => SceneRenderer.Render(x.Record.Scene))], [.. Questions.Select(x => x.Question.Text)], greedy: true, 0);
        return new DemoResult(
            name,
            scores,
            [.. painted.Select(images => images.Select(Png).ToArray())],
            [.. painted.Select((images, i) => images.Select(pixels => Verdict.PassesStrictly(Prompts[i].Meaning, Detector.Detect(pixels))).ToArray())],
            [.. answers]);
    }

    /// <summary>An image of the world as a PNG file.</summary>
    public static byte[] Png(byte[] pixels) => ImageCodec.EncodePng(new RgbImage(World.Size, World.Size, pixels));
}
