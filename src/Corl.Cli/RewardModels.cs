using Corl.Checkpoints;
using Corl.Cli.Recipes;
using Corl.Models;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Shapes;
using Corl.Text;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Turns the names of a recipe into rewards, once, at the edge of the program; owns what is behind them.</summary>
internal sealed class RewardModels : IDisposable
{
    /// <summary>The names that a recipe's rewards may have.</summary>
    public static readonly string[] Names = ["cycle", "tim", "clip", "caption_words", "bertscore", "accuracy", "format"];

    private readonly List<IDisposable> _owned = [];

    private RewardModels(Session session, Recipe recipe, Policy? policy, Device device)
    {
        try
        {
            Sum = new RewardSum([.. recipe.Stage.Rewards.Select(reward => new RewardTerm(Make(session, reward.Key, recipe, policy, device), reward.Value)
            {
                Floor = (float)recipe.Judges.Floors.GetValueOrDefault(reward.Key),
            })]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The recipe's weighted sum, Eq. (5).</summary>
    public RewardSum Sum { get; }

    /// <summary>Loads the networks that the recipe's rewards need, and no others, on the policy's device.</summary>
    public static RewardModels Load(Session session, Recipe recipe, Policy policy) =>
        Load(session, recipe, policy, policy.Model.Device, policy.Model.Config.ImageSize != Corl.Shapes.World.Size);

    /// <summary>The same where only the reward <c>tim</c> needs a policy.</summary>
    public static RewardModels Load(Session session, Recipe recipe, Policy? policy, Device device, bool isPhotograph)
    {
        if (isPhotograph && recipe.Stage.Rewards.ContainsKey("cycle") && (recipe.Judges.Captioner ?? recipe.Judges.Perceptual) is null)
        {
            session.Warn("judges.captioner or judges.perceptual is not set: the tiny networks of the Shapes world judge; for photographs name a BLIP folder and a VGG, AlexNet or SqueezeNet file");
        }

        return new RewardModels(session, recipe, policy, device);
    }

    /// <summary>Bytes of the networks that a recipe's rewards load, in float32, by the headers of their files; a folder that is not there counts nothing.</summary>
    public static double Bytes(TrainingRecipe recipe)
    {
        if (recipe is not Recipe { Stage.Rewards: var rewards, Judges: var judges })
        {
            return 0;
        }

        var captions = rewards.ContainsKey("cycle") || rewards.ContainsKey("bertscore");
        var bert = rewards.ContainsKey("bertscore") || (rewards.ContainsKey("cycle") && judges.Similarity == CaptionSimilarity.BertScore);
        string?[] paths =
        [
            captions ? judges.Captioner ?? ModelFolder.Shipped("captioner") : null,
            rewards.ContainsKey("cycle") ? judges.Perceptual ?? ModelFolder.Shipped("perceptual") : null,
            bert ? judges.BertScore : null,
            rewards.ContainsKey("clip") ? judges.Clip : null,
        ];
        return paths.Where(Path.Exists).Sum(path =>
        {
            using var reader = CheckpointReader.OpenWeights(path!);
            return reader.Tensors.Values.Sum(t => (double)t.Count) * sizeof(float);
        });
    }

    /// <summary>How captions are compared; the closed grammar of the Shapes world knows no forms.</summary>
    public static Spice Spice(SpiceKind kind, CaptionForm form) => kind switch
    {
        SpiceKind.Shapes => Text.Spice.Shapes,
        SpiceKind.ShapesMultiset => Text.Spice.ShapesMultiset,
        SpiceKind.Clean => Text.Spice.Clean with { Form = form },
        _ => Text.Spice.Java with { Form = form },
    };

    public void Dispose() => _owned.ForEach(owned => owned.Dispose());

    private IReward Make(Session session, string name, Recipe recipe, Policy? policy, Device device) => name switch
    {
        "cycle" => Cycle(recipe.Judges, device),
        "tim" => Match(recipe, policy ?? throw new UserException("the reward tim needs a policy; name its folder with --model")),
        "clip" => Clip(recipe.Judges, device),
        "caption_words" => new CaptionWordsReward(Captioner(recipe.Judges, device)),
        "bertscore" => new BertScoreReward(Bert(recipe.Judges, device), Captioner(recipe.Judges, device)) { Captioning = recipe.Judges.Captions },
        "accuracy" => new AnswerAccuracyReward { Equivalence = recipe.Judges.Equivalence },
        "format" => new FormatReward(),
        _ when recipe.Judges.Custom.TryGetValue(name, out var custom) => Custom(session, name, custom),
        _ => throw new UserException($"unknown reward '{name}'; {NearestKey.Suggest(name, Names)}"),
    };

    private IReward Custom(Session session, string name, CustomReward custom)
    {
        IReward reward = custom.Type != CustomReward.Process ? RewardAssembly.Load(name, custom) : new ProcessReward(name, custom.Command)
        {
            Judges = custom.Judges,
            Folder = custom.Folder!,
            Timeout = TimeSpan.FromSeconds(custom.Timeout),
            Fields = custom.Fields,
            Messages = line => session.Progress($"{name}: {line}"),
            Cancellation = session.Interrupt,
        };
        _owned.Add((IDisposable)reward);
        return reward;
    }

    private TextImageMatchReward Match(Recipe recipe, Policy policy)
    {
        var scorer = recipe.Judges.TimFrozen ? policy.Snapshot(recipe.Stage.TrainableParts) : null;
        if (scorer is not null)
        {
            _owned.Add(scorer);
        }

        return new TextImageMatchReward(policy, scorer) { States = recipe.Judges.TimStates, Spans = recipe.Judges.TimSpans };
    }

    private ClipScoreReward Clip(JudgeSettings judges, Device device)
    {
        var clip = ClipModel.Load(judges.Clip ?? throw new UserException("the reward clip needs judges.clip, the folder of a CLIP model"), device);
        _owned.Add(clip);
        return new ClipScoreReward(clip);
    }

    private CycleConsistencyReward Cycle(JudgeSettings judges, Device device)
    {
        var lpips = Lpips.Load(judges.Perceptual ?? ModelFolder.Shipped("perceptual"), device: device);
        _owned.Add(lpips);
        var size = judges.PerceptualSize ?? CycleConsistencyReward.SizeFor(lpips);
        if (judges.Similarity == CaptionSimilarity.Spice)
        {
            return new CycleConsistencyReward(lpips, Captioner(judges, device), Spice(judges.Spice, judges.SpiceForm)) { Captioning = judges.Captions, Size = size };
        }

        var bert = Bert(judges, device);
        return new CycleConsistencyReward(lpips, Captioner(judges, device), (captions, prompts) => [.. bert.Score(captions, prompts).Select(score => score.F)])
        {
            Captioning = judges.Captions,
            Size = size,
            TextPart = "bertscore",
        };
    }

    private BlipCaptioner Captioner(JudgeSettings judges, Device device)
    {
        var captioner = _owned.OfType<BlipCaptioner>().FirstOrDefault(); // shared by the rewards that need one
        if (captioner is null)
        {
            captioner = BlipCaptioner.Load(judges.Captioner ?? ModelFolder.Shipped("captioner"), device);
            _owned.Add(captioner);
        }

        return captioner;
    }

    private BertScore Bert(JudgeSettings judges, Device device)
    {
        var bert = _owned.OfType<BertScore>().FirstOrDefault();
        if (bert is null)
        {
            var folder = judges.BertScore ?? throw new UserException("BERTScore needs judges.bert_score, the folder of a BERT or RoBERTa encoder");
            bert = BertScore.Load(folder, new BertScoreOptions { Rules = judges.BertScoreRules, Layer = judges.BertScoreLayer, Baseline = judges.BertScoreBaseline }, device);
            _owned.Add(bert);
        }

        return bert;
    }
}
