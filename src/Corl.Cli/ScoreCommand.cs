using System.CommandLine;
using System.Globalization;
using System.Text;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Imaging;
using Corl.Rewards;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Scores rows with the rewards of a recipe, apart from any training.</summary>
internal static class ScoreCommand
{
    private const int MaxRows = 1_000_000, MaxLineBytes = 1 << 20, AtOnce = 64;

    private static readonly Argument<string> Rows = new("rows") { Description = "JSON Lines with what the rewards need: prompt, image, real_image, question, response, answer, type (MC or OE)" };
    private static readonly Option<string> RecipeFile = new("--recipe") { Description = "Recipe whose rewards, weights and judges are used", DefaultValueFactory = _ => "unified", HelpName = "file" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of the recipe", HelpName = "key=value", DefaultValueFactory = _ => [] };

    public static Command Create() => new Verb("score", "Score rows with the rewards of a recipe", "corl score answers.jsonl --recipe refined-mcq --json", Run) { Rows, RecipeFile, Set, ModelFolder.Option };

    private static int Run(Session session)
    {
        var recipe = Recipe.Load(session.Value(RecipeFile)!, session.Value(Set)!);
        var rows = Read(session.Value(Rows));
        using var policy = ModelFolder.Load(session);
        using var judges = RewardModels.Load(session, recipe, policy);
        var scores = new SortedDictionary<int, Dictionary<string, float?>>();
        foreach (var batch in rows.Index().GroupBy(x => x.Item.Shape).SelectMany(group => group.Chunk(AtOnce)))
        {
            session.Interrupt.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var table = judges.Sum.Score(Candidates([.. batch.Select(x => x.Item)], policy.Model.Device));
            var columns = table.Named().Append(new("reward", table.Total)).ToArray();
            for (var i = 0; i < batch.Length; i++)
            {
                scores[batch[i].Index] = columns.ToDictionary(column => column.Key, column => column.Value[i]);
            }
        }

        foreach (var name in scores.Values.SelectMany(x => x.Keys).Distinct())
        {
            float[] values = [.. scores.Values.Select(x => x.GetValueOrDefault(name)).OfType<float>()];
            session.Print(string.Create(CultureInfo.InvariantCulture, $"{name,-20}{(values.Length > 0 ? $"{values.Average():F4}" : "-"),10}  over {values.Length} of {rows.Count} rows"));
        }

        session.Document(scores.Values);
        return Program.Done;
    }

    // One candidate for each row; all rows of a call have an image of one size, or none.
    private static Candidates Candidates(ScoredRow[] rows, Device device) => new()
    {
        GroupSize = 1,
        Prompts = [.. rows.Select(row => row.Prompt ?? "")],
        Images = rows[0].Image is null ? null : Pixels(rows).to(device),
        RealImages = [.. rows.Select(row => row.RealImage)],
        Questions = rows[0].Response is null ? null : [.. rows.Select(row => row.Question ?? "")],
        Answers = rows[0].Response is null ? null : [.. rows.Select(row => row.Answer ?? "")],
        Types = rows[0].Response is null ? null : [.. rows.Select(row => row.Type)],
        Responses = rows[0].Response is null ? null : [.. rows.Select(row => row.Response!)],
    };

    // [N, 3, H, W] in [−1, 1].
    private static Tensor Pixels(ScoredRow[] rows)
    {
        using var scope = NewDisposeScope();
        var (width, height) = (rows[0].Image!.Width, rows[0].Image!.Height);
        byte[] bytes = [.. rows.SelectMany(row => row.Image!.Pixels)];
        return ((tensor(bytes, [rows.Length, height, width, 3]).permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 127.5) - 1).contiguous().MoveToOuterDisposeScope();
    }

    private static List<ScoredRow> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: no such file; expected JSON Lines");
        }

        List<ScoredRow> rows = [];
        foreach (var line in File.ReadLines(path))
        {
            var name = $"{path}, line {rows.Count + 1}";
            if (rows.Count == MaxRows || line.Length > MaxLineBytes)
            {
                throw new UserException($"{name}: at most {MaxRows} rows of {MaxLineBytes} characters are read");
            }

            rows.Add(ScoredRow.Read(JsonAt.Parse(name, Encoding.UTF8.GetBytes(line)), Path.GetDirectoryName(Path.GetFullPath(path))!));
        }

        return rows;
    }
}

/// <summary>A row to score; what it lacks is null.</summary>
internal sealed record ScoredRow(string? Prompt, RgbImage? Image, RgbImage? RealImage, string? Question, string? Response, string? Answer, QuestionType Type)
{
    private static readonly string[] Keys = ["prompt", "image", "real_image", "question", "response", "answer", "type"];

    /// <summary>Rows of one shape can be scored in one call.</summary>
    public (int, int, bool) Shape => (Image?.Width ?? 0, Image?.Height ?? 0, Response is null);

    /// <summary>Reads a row; images are paths from the file's folder.</summary>
    public static ScoredRow Read(JsonAt row, string folder)
    {
        foreach (var (key, _) in row.Properties())
        {
            if (!Keys.Contains(key))
            {
                throw row.Error($"unknown key '{key}'; {NearestKey.Suggest(key, Keys)}");
            }
        }

        var type = row.Find("type")?.Text() switch
        {
            null or "OE" => QuestionType.OpenEnded,
            "MC" => QuestionType.MultipleChoice,
            var other => throw row.Error($"type is '{other}', expected MC or OE"),
        };
        return new ScoredRow(Text("prompt"), Picture("image"), Picture("real_image"), Text("question"), Text("response"), Text("answer"), type);

        string? Text(string key) => row.Find(key)?.Text();
        RgbImage? Picture(string key) => Text(key) is { } name ? ImageFile.Read(Path.Combine(folder, name)) : null;
    }
}
