using Corl.Data;
using Corl.Rewards;

namespace Corl.Tests.Rewards;

public sealed class AnswerRewardTests
{
    private static readonly Candidates Batch = new()
    {
        GroupSize = 2,
        Prompts = ["", ""],
        Questions = ["Which?\nA. cat\nB. dog", "How many?"],
        Answers = ["<answer>B</answer>", "two"],
        Types = [QuestionType.MultipleChoice, QuestionType.OpenEnded],
        Responses = ["<think>x</think><answer>dog</answer>", "A", "2", "<think>x</think><answer>B</answer>"],
    };

    [Fact]
    public void Score_RowsOfTwoGroups_AreJudgedByTheirOwnQuestion()
    {
        Assert.Equal(new float?[] { 1, 0, 1, 0 }, new AnswerAccuracyReward().Score(Batch).Values);
        Assert.Equal(new float?[] { 1, 0, 0, 1 }, new FormatReward().Score(Batch).Values);
    }

    [Fact]
    public void Score_WithoutQuestionsAndResponses_DoesNotApply()
    {
        var images = new Candidates { GroupSize = 2, Prompts = ["a star"] };
        Assert.Equal(new float?[2], new AnswerAccuracyReward().Score(images).Values);
        Assert.Equal(new float?[2], new FormatReward().Score(images).Values);
    }
}
