using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class ShapesEvalTests
{
    [Fact]
    public void Prompts_EveryTask_AreDifferentAsFarAsTheTaskHasSoMany()
    {
        var prompts = ShapesEval.Prompts(25);
        foreach (var task in prompts.GroupBy(p => p.Meaning.Kind))
        {
            Assert.Equal(25, task.Count());
            Assert.Equal(task.Key == PromptKind.Single ? 6 : 25, task.Select(p => p.Prompt).Distinct().Count());
            Assert.All(task, p => Assert.StartsWith("a photo of ", p.Prompt, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Run_RenderedScenes_ScoresOne()
    {
        var prompts = ShapesEval.Prompts(3);
        var scores = ShapesEval.Run(
            (asked, images, first) => [.. asked.SelectMany((_, b) => Enumerable.Repeat(SceneRenderer.Render(prompts[first + b].Scene), images))], 3, 2);
        Assert.Equal((1.0, 1.0), (scores.Overall, scores.Strict));
        Assert.All(scores.Tasks.Values, score => Assert.Equal(1.0, score));
    }

    [Fact]
    public void Run_EmptyImages_ScoresNothing()
    {
        var empty = SceneRenderer.Render(new Scene([], 0, 0, 0));
        var scores = ShapesEval.Run((asked, images, _) => [.. Enumerable.Repeat(empty, asked.Count * images)], 2, 2);
        Assert.Equal((0.0, 0.0), (scores.Overall, scores.Strict));
    }

    [Fact]
    public void Run_OneTaskPainted_CountsASixthOverall()
    {
        var prompts = ShapesEval.Prompts(2);
        var empty = SceneRenderer.Render(new Scene([], 0, 0, 0));
        var scores = ShapesEval.Run(
            (asked, images, first) =>
            [
                .. asked.SelectMany((_, b) => Enumerable.Repeat(
                    prompts[first + b].Meaning.Kind == PromptKind.Counting ? SceneRenderer.Render(prompts[first + b].Scene) : empty, images)),
            ],
            2,
            2);
        Assert.Equal(1.0 / 6, scores.Overall, 1e-12);
        Assert.Equal(1.0, scores.Tasks[PromptKind.Counting]);
    }
}
