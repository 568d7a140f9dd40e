using Corl.Cli;
using Corl.Cli.Recipes;
using Corl.Grpo;
using Corl.Rewards;
using Corl.Shapes;
using Corl.Tokenizers;
using Corl.Training;

namespace Corl.Tests.Cli;

public sealed class RecipeTests
{
    public static IEnumerable<TheoryDataRow<string>> Names => ShippedRecipes.Names.Where(name => !ShippedRecipes.IsSft(name)).Select(name => new TheoryDataRow<string>(name));

    // The paper's Table 5, row by row: G, β, longest prompt, longest completion, batch, peak rate, epochs.
    [Theory]
    [InlineData("unified", StageTasks.Unified, 8, 0, 1024, 512, 16, 4e-6)]
    [InlineData("refined-t2i", StageTasks.T2i, 16, 0.02, 256, 512, 16, 1e-6)]
    [InlineData("refined-mcq", StageTasks.Mcq, 16, 0.02, 1024, 512, 32, 1e-6)]
    [InlineData("refined-oe", StageTasks.Oe, 16, 0.02, 1024, 512, 32, 1e-6)]
    public void Paper_EveryNumberOfTable5(string name, StageTasks tasks, int group, double beta, int prompt, int completion, int batch, double rate)
    {
        var stage = Recipe.Load(name).Stage;
        Assert.Equal(
            (name, tasks, group, beta, prompt, completion, batch, rate, 1.0),
            (stage.Name, stage.Tasks, stage.GroupSize, stage.Beta, stage.MaxPromptLength, stage.MaxCompletionLength, stage.BatchSize, stage.LearningRate, stage.Epochs));
        Assert.Equal((AdvantageKind.Joint, null, false, 5.0), (stage.Advantage, stage.Loss, stage.LegacyImageOffset, stage.Guidance));
    }

    [Fact]
    public void Unified_RewardsAreEquation5() =>
        Assert.Equal(
            new Dictionary<string, double> { ["cycle"] = 1, ["tim"] = 1, ["accuracy"] = 0.8, ["format"] = 0.8 },
            Recipe.Load("unified").Stage.Rewards);

    [Fact]
    public void Judges_EverySettingHasAKey()
    {
        var judges = Recipe.Load("unified", "judges.tim_states=generation_hidden", "judges.tim_spans=fixed", "judges.tim_frozen=true", "judges.perceptual_size=crop", "judges.captions.beams=3").Judges;
        Assert.Equal((MatchStates.GenerationHidden, MatchSpans.Fixed, true, PerceptualSize.Crop, 3), (judges.TimStates, judges.TimSpans, judges.TimFrozen, judges.PerceptualSize, judges.Captions.Beams));
        Assert.Equal(50, judges.Captions.MaxNewTokens); // what the section does not mention keeps its default
    }

    [Fact]
    public void ShapesUnified_DiffersFromThePaperInSizesOnly()
    {
        var (paper, shapes) = (Recipe.Load("unified").Stage, Recipe.Load("shapes/unified").Stage);
        Assert.Equal(
            paper with { Rewards = shapes.Rewards, TrainableParts = shapes.TrainableParts },
            shapes with
            {
                MicroBatchSize = paper.MicroBatchSize,
                MaxPromptLength = paper.MaxPromptLength,
                MaxCompletionLength = paper.MaxCompletionLength,
                LearningRate = paper.LearningRate,
                WarmupSteps = paper.WarmupSteps,
                Steps = paper.Steps,
                CheckpointSteps = paper.CheckpointSteps,
                EvalSteps = paper.EvalSteps,
            });
        Assert.Equal(paper.Rewards, shapes.Rewards);
    }

    [Fact]
    public void ShapesUnifiedPlus_DiffersFromShapesUnifiedInAdvantageSpiceAndRate()
    {
        var (unified, plus) = (Recipe.Load("shapes/unified"), Recipe.Load("shapes/unified-plus"));
        Assert.Equal((AdvantageKind.PerModality, SpiceKind.ShapesMultiset, SpiceKind.Shapes), (plus.Stage.Advantage, plus.Judges.Spice, unified.Judges.Spice));
        Assert.Equal(
            unified.Stage with { Name = "", LearningRate = 1, Advantage = AdvantageKind.PerModality, Rewards = plus.Stage.Rewards, TrainableParts = plus.Stage.TrainableParts },
            plus.Stage with { Name = "", LearningRate = 1 });
        Assert.Equal(unified.Stage.Rewards, plus.Stage.Rewards);
    }

    [Fact]
    public void Shapes_LimitsHoldEveryQuestionAndRightAnswer()
    {
        var prompt = JanusPrompt.Load(ModelFolder.Shipped("base"), imageTokens: 16);
        var stage = Recipe.Load("shapes/unified").Stage;
        var (longestQuestion, longestAnswer) = (0, 0);
        for (ulong seed = 0; seed < 3000; seed++)
        {
            foreach (var multipleChoice in new[] { true, false })
            {
                var question = SceneQuestion.Of(ShapesRecord.Of(seed), multipleChoice);
                longestQuestion = Math.Max(longestQuestion, prompt.Question(question.Text).Length);
                longestAnswer = Math.Max(longestAnswer, prompt.Answer(question.Response).Length);
            }
        }

        Assert.Equal((49, 38), (longestQuestion, longestAnswer)); // the numbers of the recipes' comments
        Assert.True(longestQuestion <= stage.MaxPromptLength && longestAnswer <= stage.MaxCompletionLength);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shipped_EveryRecipe_ReadsBackFromItsResolvedForm(string name)
    {
        using var folder = new TemporaryFolder();
        var recipe = Recipe.Load(name);
        File.WriteAllText(folder.File("recipe.yaml"), recipe.ToYaml());
        Assert.Equal(recipe.ToYaml(), Recipe.Load(folder.File("recipe.yaml")).ToYaml());
    }

    [Fact]
    public void Load_Overrides_WinInOrder()
    {
        var recipe = Recipe.Load("unified", "group_size=4", "rewards.accuracy=0.5", "group_size=2", "loss.type=dapo", "columns.image=photo");
        Assert.Equal((2, 0.5, LossType.Dapo, "photo"), (recipe.Stage.GroupSize, recipe.Stage.Rewards["accuracy"], recipe.Stage.Loss!.Type, recipe.Columns.Image));
    }

    [Theory]
    [InlineData("bta=1", "unknown key 'bta'; did you mean 'beta'?")]
    [InlineData("group_size=1", "group_size is 1, but an advantage compares at least 2 candidates; set it to 2 or more")]
    [InlineData("rewards.acuracy=1", "unknown reward 'acuracy'; did you mean 'accuracy'?")]
    [InlineData("columns.imge=x", "unknown key 'columns.imge'; did you mean 'image'?")]
    public void Load_Mistake_IsNamed(string set, string message) =>
        Assert.Contains(message, Assert.Throws<UserException>(() => Recipe.Load("unified", set)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_NoSuchFile_NamesIt() => Assert.Equal("nowhere.yaml: no such recipe file", Assert.Throws<UserException>(() => Recipe.Load("nowhere.yaml")).Message);
}
