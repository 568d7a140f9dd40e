using Corl.Rollouts;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>A policy's results in the Shapes world: shares of all images or answers, 0 to 1. Part of the JSON documents, so its names stay.</summary>
internal sealed record ShapesResult(
    double ShapesEval, double Strict, double Single, double Two, double Counting, double Colors, double Position, double Attribute, ShapesQaScores Greedy, ShapesQaScores Sampled)
{
    /// <summary>Evaluates a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="seed">Seed of its draws.</param>
    /// <param name="size">How much is evaluated.</param>
    /// <param name="stage">Told what begins.</param>
    public static ShapesResult Of(Policy policy, ulong seed, ShapesSize size, Action<string> stage)
    {
        var player = new ShapesPlayer(policy, seed);
        stage($"painting {size.PromptsPerTask * World.Tasks.Length * Shapes.ShapesEval.ImagesPerPrompt} images");
        var images = Shapes.ShapesEval.Run(player.Paint, size.PromptsPerTask);
        stage($"answering {2 * size.QuestionsPerType} questions greedily");
        var greedy = ShapesQa.Run(player.Answer, greedy: true, size.QuestionsPerType);
        stage($"answering {2 * size.QuestionsPerType} questions at temperature 1");
        var sampled = ShapesQa.Run(player.Answer, greedy: false, size.QuestionsPerType);
        double Task(PromptKind kind) => images.Tasks[kind];
        return new ShapesResult(
            images.Overall, images.Strict, Task(PromptKind.Single), Task(PromptKind.Two), Task(PromptKind.Counting), Task(PromptKind.Colors),
            Task(PromptKind.Position), Task(PromptKind.Attribute), greedy, sampled);
    }
}

/// <summary>How much of the Shapes world's benchmarks is run.</summary>
internal sealed record ShapesSize(int PromptsPerTask, int QuestionsPerType)
{
    /// <summary>As published figures are made: 600 images, 500 questions.</summary>
    public static ShapesSize Full { get; } = new(Shapes.ShapesEval.PromptsPerTask, ShapesQa.QuestionsPerType);
}
