using System.CommandLine;
using System.Globalization;
using Corl.Cli.Recipes;
using Corl.Rewards;
using YamlDotNet.RepresentationModel;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Scores rows with the rewards of a recipe or with rewards that are named, apart from any training.</summary>
internal static class ScoreCommand
{
    private const int AtOnce = 64;

    private static readonly Argument<string> Rows = new("rows") { Description = $"JSON Lines or Parquet with what the rewards need: {string.Join(", ", ScoredRow.Keys)} (MC or OE)" };
    private static readonly Option<string> RecipeFile = new("--recipe") { Description = "Recipe whose rewards, weights and judges are used", DefaultValueFactory = _ => "unified", HelpName = "file" };
    private static readonly Option<string[]> Named = new("--reward") { Description = $"Use this reward instead of the recipe's, weight 1 where none is said, or one of yours as it stands in a list of rewards, {{ type: …, assembly: … }}; may be repeated: {string.Join(", ", RewardModels.Names)}", HelpName = "name[=weight]", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of the recipe", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> Out = new("--out") { Description = "Write every row's scores as Parquet", HelpName = "file.parquet" };

    public static Command Create() => new Verb("score", "Score rows with the rewards of a recipe", "corl score answers.jsonl --reward accuracy --reward format=0.5 --out scores.parquet", Run)
    {
        Rows, RecipeFile, Named, Set, Out, ModelFolder.Option, ModelFolder.Adapter,
    };

    private static int Run(Session session)
    {
        var recipe = Chosen(session);
        var device = session.OpenDevice();
        using var policy = recipe.Stage.Rewards.ContainsKey("tim") ? ModelFolder.Load(session) : null; // the one reward that the policy itself gives
        var windows = ScoredRows.Read(session.Value(Rows)).Chunk(AtOnce).GetEnumerator();
        var isMore = windows.MoveNext();
        var isPhotograph = isMore && windows.Current.Any(row => row.Image is { Width: not Corl.Shapes.World.Size });
        using var judges = RewardModels.Load(session, recipe, policy, device, isPhotograph);
        var scores = new ScoreTable();
        for (; isMore; isMore = windows.MoveNext())
        {
            session.Interrupt.ThrowIfCancellationRequested();
            foreach (var batch in windows.Current.Index().GroupBy(row => row.Item.Shape))
            {
                using var scope = NewDisposeScope();
                scores.Add([.. batch.Select(row => scores.Count + row.Index)], judges.Sum.Score(Candidates([.. batch.Select(row => row.Item)], device)));
            }

            scores.Count += windows.Current.Length;
        }

        if (session.Value(Out) is { } file)
        {
            scores.Write(file);
        }

        foreach (var line in scores.Lines())
        {
            session.Print(line);
        }

        session.Document(scores.Documents());
        return Program.Done;
    }

    private static Recipe Chosen(Session session)
    {
        var named = session.Value(Named)!;
        return Recipe.Load(session.Value(RecipeFile)!, session.Value(Set)!, named.Length == 0 ? null : named.Select(Entry));
    }

    // An entry of a recipe's list of rewards, or a name with or without a weight.
    private static YamlNode Entry(string text)
    {
        if (text.TrimStart().StartsWith('{'))
        {
            return YamlTree.Parse($"reward: {text}", $"--reward {text}").Children.Single().Value;
        }

        var parts = text.Split('=', 2);
        return !RewardModels.Names.Contains(parts[0]) ? throw new UserException($"--reward {text}: unknown reward '{parts[0]}'; {NearestKey.Suggest(parts[0], RewardModels.Names)}")
            : parts.Length == 1 ? parts[0]
            : double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? new YamlMappingNode("type", parts[0], "weight", parts[1])
            : throw new UserException($"--reward {text}: the weight '{parts[1]}' is no number");
    }

    // One candidate for each row; all rows of a call have one shape.
    private static Candidates Candidates(ScoredRow[] rows, Device device)
    {
        var (shape, hasResponse) = (rows[0].Shape, rows[0].Shape.HasResponse);
        return new()
        {
            GroupSize = 1,
            Prompts = [.. rows.Select(row => row.Prompt ?? "")],
            Images = shape.Width == 0 ? null : Pixels(rows).to(device),
            Captions = shape.HasCaption ? [.. rows.Select(row => row.Caption!)] : null,
            RealImages = [.. rows.Select(row => row.RealImage)],
            Questions = hasResponse ? [.. rows.Select(row => row.Question ?? "")] : null,
            Answers = hasResponse ? [.. rows.Select(row => row.Answer ?? "")] : null,
            Types = hasResponse ? [.. rows.Select(row => row.Type)] : null,
            Responses = hasResponse ? [.. rows.Select(row => row.Response!)] : null,
        };
    }

    // [N, 3, H, W] in [−1, 1].
    private static Tensor Pixels(ScoredRow[] rows)
    {
        using var scope = NewDisposeScope();
        var (width, height) = (rows[0].Image!.Width, rows[0].Image!.Height);
        byte[] bytes = [.. rows.SelectMany(row => row.Image!.Pixels)];
        return ((tensor(bytes, [rows.Length, height, width, 3]).permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 127.5) - 1).contiguous().MoveToOuterDisposeScope();
    }
}
