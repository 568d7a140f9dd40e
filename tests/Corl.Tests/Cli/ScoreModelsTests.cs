using System.Text.Json;
using Corl.Cli;
using Corl.Tests.Repository;

namespace Corl.Tests.Cli;

/// <summary>Rewards of corl score that need a network of the user's.</summary>
public sealed class ScoreModelsTests
{
    [Fact]
    public void Score_Clip_EqualsTheReferenceRewards()
    {
        using var folder = new TemporaryFolder();
        var models = GoldenFiles.Path("reward-models");
        var golden = JsonElement.Parse(File.ReadAllText(Path.Combine(models, "cycle/clip_reward.json")));
        foreach (var file in Directory.GetFiles(Path.Combine(models, "clip/open_clip_tiny")).Concat(Directory.GetFiles(Path.Combine(models, "clip/tiny"), "*s.txt")).Append(Path.Combine(models, "clip/tiny/vocab.json")))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        File.WriteAllLines(folder.File("rows.jsonl"), golden.GetProperty("prompts").EnumerateArray().Zip(golden.GetProperty("images").EnumerateArray())
            .Select(row => JsonSerializer.Serialize(new { prompt = row.First.GetString(), image = Path.Combine(models, row.Second.GetString()!) })));
        var recipe = File.ReadAllText(Path.Combine(Source.Root, "recipes/refined-t2i.yaml")).Split("rewards:")[0] + "rewards:\n  clip: 1\n";
        File.WriteAllText(folder.File("recipe.yaml"), $"{recipe}judges:\n  clip: {folder.Path}\n");
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", folder.File("recipe.yaml"), "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(golden.GetProperty("rewards").EnumerateArray().Select(value => value.GetDouble()), run.Json.EnumerateArray().Select(row => row.GetProperty("clip").GetDouble()), (a, b) => Math.Abs(a - b) < 2e-5);

        File.WriteAllText(folder.File("recipe.yaml"), recipe);
        run = CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", folder.File("recipe.yaml"), "--json");
        Assert.Equal(Program.UsersMistake, run.ExitCode);
        Assert.Contains("judges.clip", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_BertScore_ComparesCaptionsAloneAndInTheCycle()
    {
        using var folder = new TemporaryFolder();
        var model = GoldenFiles.Path("reward-models/bertscore/bert_tiny");
        var golden = JsonElement.Parse(File.ReadAllText(Path.Combine(model, "torchmetrics.json"))).GetProperty("group");
        File.WriteAllLines(folder.File("rows.jsonl"), golden.GetProperty("captions").EnumerateArray().Select(caption => JsonSerializer.Serialize(new { prompt = golden.GetProperty("prompt").GetString(), caption = caption.GetString() })));
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--reward", "bertscore", "--reward", "cycle=0", "--set", $"judges.bert_score={model}", "--set", "judges.similarity=bert_score", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        double[] expected = [.. golden.GetProperty("in_input_order").GetProperty("F").EnumerateArray().Select(value => value.GetDouble())];
        foreach (var name in new[] { "bertscore", "cycle/bertscore", "cycle" })
        {
            Assert.Equal(expected, run.Json.EnumerateArray().Select(row => row.GetProperty(name).GetDouble()), (a, b) => Math.Abs(a - b) < 2e-5);
        }
    }
}
