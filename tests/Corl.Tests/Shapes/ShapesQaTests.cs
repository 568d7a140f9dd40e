using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class ShapesQaTests
{
    [Theory]
    [InlineData("<think> top left red star. So red B. </think><answer> B </answer>", "B", true)]
    [InlineData("<answer>A</answer> no, <answer> b. </answer>", "B", true)]
    [InlineData(" b.", "B", true)]
    [InlineData("<answer> B", "B", false)]
    [InlineData("<answer></answer>", "B", false)]
    [InlineData("So B", "B", false)]
    public void IsRight_AnyCompletion_ReadsTheLastAnswerOrTheWholeText(string completion, string answer, bool expected) =>
        Assert.Equal(expected, ShapesQa.IsRight(completion, answer));

    [Fact]
    public void Run_RightAnswersWithoutTags_AreLenientlyRightOnly()
    {
        var answers = Answers(question => question.Answer);
        Assert.Equal(new ShapesQaScores(0, 1, 0, 1, 0), ShapesQa.Run(answers, greedy: true, perType: 8));
    }

    [Fact]
    public void Run_StoredResponses_ScoreOne() => Assert.Equal(new ShapesQaScores(1, 1, 1, 1, 1), ShapesQa.Run(Answers(q => q.Response), greedy: false, perType: 8));

    [Fact]
    public void Run_WrongAnswersInTheFormat_ScoreTheFormatOnly() =>
        Assert.Equal(new ShapesQaScores(0, 0, 0, 0, 1), ShapesQa.Run(Answers(_ => "<think> x </think><answer> x </answer>"), greedy: true, perType: 8));

    private static Respondent Answers(Func<SceneQuestion, string> answer) => (images, questions, _, first) =>
    [
        .. questions.Select((text, i) =>
        {
            var number = (first + i) % 8;
            var question = SceneQuestion.Of(ShapesRecord.Of(Seeds.ShapesQa + (ulong)number), multipleChoice: first + i < 8);
            Assert.Equal(question.Text, text);
            Assert.Equal(World.ImageBytes, images[i].Length);
            return answer(question);
        }),
    ];
}
