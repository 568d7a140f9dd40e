using Corl.Data;
using Corl.Grpo;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Shapes;
using Corl.Text;
using Corl.Text.Mathematics;
using Corl.Training;
using YamlDotNet.RepresentationModel;

namespace Corl.Cli.Recipes;

/// <summary>
/// A training run as data: the stage's settings at the top level (one column of the paper's Table 5), and in sections of their own what
/// judges the candidates and where the data's columns are.
/// </summary>
internal sealed record Recipe : TrainingRecipe
{
    /// <summary>What the trainer does.</summary>
    [Inline]
    public required StageConfig Stage { get; init; }

    /// <inheritdoc/>
    public override LoraConfig? Lora { get; init; }

    /// <summary>The frozen networks and rules behind the rewards.</summary>
    public JudgeSettings Judges { get; init; } = new();

    /// <inheritdoc/>
    public override ColumnNames Columns { get; init; } = new();

    /// <inheritdoc/>
    public override TrainingConfig Settings => Stage;

    /// <summary>Reads a recipe file and the overrides of <c>--set</c>.</summary>
    /// <param name="path">The file, or the name of a recipe that ships with the program, for example "shapes/unified".</param>
    /// <param name="overrides">"key=value" in order.</param>
    /// <exception cref="UserException">Names the file, the line and the key.</exception>
    public static Recipe Load(string path, params IEnumerable<string> overrides) => Load(path, overrides, null);

    /// <summary>The same with other rewards.</summary>
    /// <param name="path">The file, or the name of a recipe that ships with the program.</param>
    /// <param name="overrides">"key=value" in order.</param>
    /// <param name="rewards">Entries of a list of rewards that take the place of the recipe's; null for the recipe's.</param>
    public static Recipe Load(string path, IEnumerable<string> overrides, IEnumerable<YamlNode>? rewards)
    {
        var recipe = ShippedRecipes.Read<Recipe>(path, overrides, out var file, rewards);
        RefuseUnknownRewards(recipe, file);
        recipe.Stage.Validated();
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return recipe with { Judges = recipe.Judges with { Custom = new OrderedDictionary<string, CustomReward>(recipe.Judges.Custom.Select(x => KeyValuePair.Create(x.Key, x.Value.Resolved(x.Key, folder)))) } };
    }

    /// <inheritdoc/>
    public override SampleSet ShapesRows() => ShapesData.For(Stage.Tasks);

    /// <inheritdoc/>
    public override TrainingRecipe With(Func<TrainingConfig, TrainingConfig> change, LoraConfig? lora) => this with { Stage = (StageConfig)change(Stage), Lora = lora };

    /// <inheritdoc/>
    public override StartedTraining Start(Session session, Policy policy, SampleSet data, SampleSet? heldOut, RunState? resume)
    {
        var judges = RewardModels.Load(session, this, policy);
        try
        {
            return new StartedTraining(
                new GrpoTrainer(policy, Stage, judges.Sum, data, resume, session.Processes), heldOut is null ? null : new HeldOutRewards(policy, Stage, judges.Sum, heldOut).Validation, judges);
        }
        catch
        {
            judges.Dispose();
            throw;
        }
    }

    private static void RefuseUnknownRewards(Recipe recipe, string file)
    {
        string[] known = [.. RewardModels.Names, .. recipe.Judges.Custom.Keys];
        foreach (var name in recipe.Stage.Rewards.Keys.Where(name => !known.Contains(name)))
        {
            throw new UserException($"{file}: unknown reward '{name}'; {NearestKey.Suggest(name, known)}");
        }

        foreach (var name in recipe.Judges.Floors.Keys.Where(name => !recipe.Stage.Rewards.ContainsKey(name)))
        {
            throw new UserException($"{file}: judges.floors names '{name}', which is not among the rewards; {NearestKey.Suggest(name, recipe.Stage.Rewards.Keys)}");
        }
    }
}

/// <summary>The frozen networks and rules behind the rewards.</summary>
internal sealed record JudgeSettings
{
    /// <summary>Folder of the BLIP captioner of Eq. (3); null for the tiny one of the Shapes world.</summary>
    public string? Captioner { get; init; }

    /// <summary>How captions are written: greedy with at most 50 tokens, as the reference does, or by beam search.</summary>
    public CaptionOptions Captions { get; init; } = new();

    /// <summary>Folder or file of the perceptual network of Eq. (3); null for the tiny one of the Shapes world.</summary>
    public string? Perceptual { get; init; }

    /// <summary>How images are brought to one size for the perceptual network; null: as generated for a small network, else 224 × 224.</summary>
    public PerceptualSize? PerceptualSize { get; init; }

    /// <summary>What stands for image and prompt in Eq. (4).</summary>
    public MatchStates TimStates { get; init; }

    /// <summary>Which text tokens count in Eq. (4).</summary>
    public MatchSpans TimSpans { get; init; }

    /// <summary>Whether Eq. (4) is scored by the policy as it was when the stage began instead of the moving one.</summary>
    public bool TimFrozen { get; init; }

    /// <summary>Folder of the CLIP model of the reward "clip", in Hugging Face's or OpenCLIP's layout.</summary>
    public string? Clip { get; init; }

    /// <summary>What the textual half of Eq. (3) is: the paper's SPICE or the reference code's BERTScore.</summary>
    public CaptionSimilarity Similarity { get; init; }

    /// <summary>Folder of the BERT or RoBERTa encoder of BERTScore.</summary>
    public string? BertScore { get; init; }

    /// <summary>Whose conventions BERTScore follows.</summary>
    public BertScoreRules BertScoreRules { get; init; }

    /// <summary>After how many layers BERTScore takes its vectors; null: as its rules say.</summary>
    public int? BertScoreLayer { get; init; }

    /// <summary>File of scores of unrelated texts, by which BERTScore is rescaled; null: raw scores.</summary>
    public string? BertScoreBaseline { get; init; }

    /// <summary>How much mathematics is understood in open-ended answers.</summary>
    public MathLevel Equivalence { get; init; }

    /// <summary>How captions are read and compared.</summary>
    public SpiceKind Spice { get; init; }

    /// <summary>What is done to captions before they are compared: as sentences, so that a missing full stop is no difference.</summary>
    public CaptionForm SpiceForm { get; init; } = CaptionForm.Stopped;

    /// <summary>By reward, what a candidate counts that the reward could not score, such as an image with a value that is not a number; 0 where nothing is said.</summary>
    public IReadOnlyDictionary<string, double> Floors { get; init; } = new Dictionary<string, double>();

    /// <summary>What is behind the rewards that are not built in, by name.</summary>
    public IReadOnlyDictionary<string, CustomReward> Custom { get; init; } = new Dictionary<string, CustomReward>();
}

/// <summary>How a caption and its prompt are compared.</summary>
internal enum CaptionSimilarity
{
    /// <summary>By their scene graphs: the paper's.</summary>
    Spice,

    /// <summary>By their tokens' vectors: the reference code's.</summary>
    BertScore,
}

/// <summary>Which SPICE compares a caption with its prompt.</summary>
internal enum SpiceKind
{
    /// <summary>English captions as the original program reads them, tuples as sets: the paper's.</summary>
    Java,

    /// <summary>English captions read by rules of sound English.</summary>
    Clean,

    /// <summary>The closed grammar of the Shapes world, tuples as sets.</summary>
    Shapes,

    /// <summary>The closed grammar, tuples as multisets: a surplus object costs; ours.</summary>
    ShapesMultiset,
}
