using System.Globalization;
using System.Text.Json;
using Corl.Cli;
using Corl.Cli.Recipes;
using Corl.Imaging;
using Corl.Reports;
using Corl.Rewards;
using Corl.Tests.Repository;

namespace Corl.Tests.Cli;

/// <summary>Rewards that a recipe brings along: the samples, and every mistake one can make.</summary>
public sealed class CustomRewardTests
{
    // Built with these tests and loaded as a user's.
    private static readonly string Assembly = Path.Combine(Source.Root, "samples/MyRewards/bin", Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!), "net10.0/MyRewards.dll");

    private static readonly string Stage = File.ReadAllText(Path.Combine(Source.Root, "recipes/refined-t2i.yaml")).Split("rewards:")[0];

    [Fact]
    public void Score_ClassOfAnAssembly_FromTheRecipesFolder()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Assembly, Directory.CreateDirectory(folder.File("plugins")).FullName + "/MyRewards.dll");
        WriteRecipe(folder, "[{ type: MyRewards.Brightness, assembly: plugins/MyRewards.dll, weight: 0.5, settings: { power: 2 } }, { type: MyRewards.Brightness, assembly: plugins/MyRewards.dll, name: plain }]");
        byte[] grey = [51, 51, 51, 255, 255, 255]; // .2 and 1: mean .6
        File.WriteAllBytes(folder.File("grey.png"), ImageCodec.EncodePng(new RgbImage(2, 1, grey)));
        File.WriteAllText(folder.File("rows.jsonl"), """{"prompt": "grey", "image": "grey.png"}""");

        var row = Row(CommandLine.Run("score", folder.File("rows.jsonl"), "--recipe", folder.File("recipe.yaml"), "--json"));

        Assert.Equal(0.36, row.GetProperty("brightness").GetDouble(), 1e-6);
        Assert.Equal(0.6, row.GetProperty("plain").GetDouble(), 1e-6);
        Assert.Equal((0.5 * 0.36) + 0.6, row.GetProperty("reward").GetDouble(), 1e-6);
    }

    [Fact]
    public void Score_ShellSample_ScoresAnswers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a shell script");
        using var folder = new TemporaryFolder();
        // 10 and 22 words where 11 are allowed; the format is kept by the first only.
        File.WriteAllText(folder.File("rows.jsonl"), """
            {"response": "<think> top left red star. So red. </think><answer> red </answer>"}
            {"response": "I see a star, \"a star\" at the top on the left * and it is red and has five sharp corners"}
            """);
        var script = Path.Combine(Source.Root, "samples/concise.sh");
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--reward", "format=2", "--reward", $"{{ type: process, name: concise, command: [sh, {script}], weight: 0.5, judges: text, fields: [response] }}", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal([(1, 2.5), (0.5, 0.25)], run.Json.EnumerateArray().Select(row => (row.GetProperty("concise").GetDouble(), row.GetProperty("reward").GetDouble())));
    }

    [Fact]
    public void Train_ListOfRewards_RunsAndGoesOnAsTheSameRun()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a shell script");
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Source.Root, "samples/concise.sh"), folder.File("concise.sh"));
        WriteRecipe(folder, $"[{{ type: MyRewards.Brightness, assembly: {Assembly} }}, {{ type: process, name: concise, command: [sh, concise.sh], judges: text, fields: [response] }}, format]", File.ReadAllText(Path.Combine(Source.Root, "recipes/unified.yaml")).Split("rewards:")[0]);
        Assert.Equal(0, CommandLine.Run("data", "shapes", "8", "--out", folder.File("data.parquet")).ExitCode);
        string[] train =
        [
            "train", folder.File("recipe.yaml"), "--model", GoldenFiles.Path("janus/tiny/native"), "--data", folder.File("data.parquet"), "--out", folder.File("run"), "-q",
            "--set", "batch_size=1", "--set", "group_size=2", "--set", "max_completion_length=4", "--set", "steps=1", "--set", "rewards.concise=0.25",
        ];
        var wrong = CommandLine.Run([.. train, "--set", "judges.custom.concise.type=My.Concise"]);
        Assert.Equal(Program.UsersMistake, wrong.ExitCode);
        wrong = CommandLine.Run([.. train, "--set", "judges.custom.brightness.assembly=nowhere.dll"]);
        Assert.Contains($"{folder.File("nowhere.dll")}: no such file", wrong.Error, StringComparison.Ordinal);
        Directory.Delete(folder.File("run"), recursive: true);
        Assert.Equal((0, ""), (CommandLine.Run(train) is var first ? first.ExitCode : 0, first.Error));
        Assert.Equal((0, ""), (CommandLine.Run([.. train, "--resume"]) is var second ? second.ExitCode : 0, second.Error));
        var metrics = Assert.Single(RunLog.ReadMetrics(folder.File("run"))).Values;
        Assert.Equal(1, metrics["rewards/concise/mean"]); // four tokens are at most four words
        Assert.InRange(metrics["rewards/brightness/mean"], 0, 1);
        Assert.Equal(metrics["rewards/brightness/mean"] + (0.25 * 1) + metrics["rewards/format/mean"], metrics["reward"], 1e-5);
    }

    [Fact]
    public void Recipe_ListOfRewards_ReadsBackFromItsResolvedFormAnywhere()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        WriteRecipe(folder, "[cycle, { type: tim, weight: 0.5 }, { type: My.Own+Taste, assembly: ./a.dll, settings: { power: 2, words: \"a: b\" } }, { type: process, name: p-1, command: [sh, -c, \"exit 1\"], fields: [real_image], timeout: 1.5, judges: text }]", Stage + "judges: { floors: { taste: -1 } }\n");
        var recipe = Recipe.Load(folder.File("recipe.yaml"), "rewards.cycle=2");

        Assert.Equal([("cycle", 2), ("tim", 0.5), ("taste", 1), ("p-1", 1)], recipe.Stage.Rewards.Select(reward => (reward.Key, reward.Value)));
        Assert.Equal((folder.File("a.dll"), folder.Path), (recipe.Judges.Custom["taste"].Assembly, recipe.Judges.Custom["p-1"].Folder));
        Assert.Equal(["sh", "-c", "exit 1"], recipe.Judges.Custom["p-1"].Command);
        File.WriteAllText(elsewhere.File("recipe.yaml"), recipe.ToYaml());
        Assert.Equal(recipe.ToYaml(), Recipe.Load(elsewhere.File("recipe.yaml")).ToYaml());
    }

    [Theory]
    [InlineData("[{ weight: 1 }]", "a reward has no type; built in are cycle")]
    [InlineData("[[cycle]]", "a reward is a list, expected a name or { type: …, weight: … }")]
    [InlineData("[cycel]", "unknown reward 'cycel'; did you mean 'cycle'?")]
    [InlineData("[cycle, { type: cycle }]", "two rewards are called 'cycle'")]
    [InlineData("[{ type: cycle, timeout: 3 }]", "the built-in reward 'cycle' has a weight and no 'timeout'")]
    [InlineData("[{ type: cycle, weight: [1] }]", "'rewards.cycle' is a list, expected a finite number")]
    [InlineData("[{ type: process, name: p }]", "reward 'p': a process needs its command")]
    [InlineData("[{ type: process, name: tim, command: [sh] }]", "reward 'tim': this is the name of a built-in reward")]
    [InlineData("[{ type: process, name: a/b, command: [sh] }]", "reward 'a/b': a name has at most 64 letters")]
    [InlineData("[{ type: process, command: [sh], settings: { a: 1 } }]", "reward 'process': a process has neither an assembly nor settings")]
    [InlineData("[{ type: process, command: [sh], timeout: 0 }]", "reward 'process': its timeout is 0 s")]
    [InlineData("[{ type: process, command: [sh], fields: [imag] }]", "'judges.custom.process.fields[0]' is 'imag', expected prompt or caption or image")]
    [InlineData("[{ type: process, comand: [sh] }]", "unknown key 'judges.custom.process.comand'; did you mean 'command'?")]
    [InlineData("[{ type: My.Taste, weight: 2, name: t }]", "reward 't': 'My.Taste' is no built-in reward")]
    [InlineData("[{ type: My.Taste, assembly: a.dll, command: [sh] }]", "reward 'taste': a class has no command, folder or fields")]
    public void Recipe_Mistake_IsNamed(string rewards, string message)
    {
        using var folder = new TemporaryFolder();
        WriteRecipe(folder, rewards);
        Assert.Contains(message, Assert.Throws<UserException>(() => Recipe.Load(folder.File("recipe.yaml"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type: MyRewards.Brightness, assembly: none.dll", "none.dll: no such file; build it, or mend the path")]
    [InlineData("type: MyRewards.Brightness, assembly: rows.jsonl", "rows.jsonl: it cannot be used (")]
    [InlineData("type: MyRewards.Brightnes, assembly: MINE", "it has no class 'MyRewards.Brightnes'; did you mean 'MyRewards.Brightness'?")]
    [InlineData("type: Corl.Tests.GoldenFiles, assembly: TESTS", "the class Corl.Tests.GoldenFiles is no Corl.Rewards.IReward; known are ")]
    [InlineData("type: Corl.Tests.Cli.Sketch, assembly: TESTS", "Corl.Tests.Cli.Sketch must be a public class that can be constructed")]
    [InlineData("type: Corl.Tests.Cli.Demanding, assembly: TESTS", "Corl.Tests.Cli.Demanding: its constructor needs the setting 'wanted_way'")]
    [InlineData("type: Corl.Tests.Cli.Demanding, assembly: TESTS, settings: { wanted_way: x }", "setting 'wanted_way': values of type Action cannot come from a recipe")]
    [InlineData("type: Corl.Tests.Cli.Ambiguous, assembly: TESTS", "has 2 public constructors, expected one")]
    [InlineData("type: MyRewards.Brightness, assembly: MINE, settings: { powr: 2 }", "unknown setting 'powr'; did you mean 'power'?")]
    [InlineData("type: MyRewards.Brightness, assembly: MINE, settings: { power: much }", "setting 'power' is 'much', expected Double")]
    [InlineData("type: Corl.Tests.Cli.Unwilling, assembly: TESTS", "the constructor of Corl.Tests.Cli.Unwilling threw InvalidOperationException: not today")]
    [InlineData("type: Corl.Tests.Cli.Faulty, assembly: TESTS", "reward 'r': Corl.Tests.Cli.Faulty threw FormatException: no")]
    [InlineData("type: Corl.Tests.Cli.Silent, assembly: TESTS", "Reward \"r\" returned 0 scores, parts or notes for 1 candidates")]
    [InlineData("type: process, command: [nowhere-at-all]", "reward \"r\" (nowhere-at-all): cannot start 'nowhere-at-all' in ")]
    public void Score_Mistake_IsOneLineAndTwo(string reward, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("rows.jsonl"), """{"prompt": "a"}""");
        var entry = reward.Replace("MINE", Path.GetRelativePath(Directory.GetCurrentDirectory(), Assembly), StringComparison.Ordinal).Replace("TESTS", GetType().Assembly.Location, StringComparison.Ordinal).Replace(": rows", $": {folder.Path}/rows", StringComparison.Ordinal);
        var run = CommandLine.Run("score", folder.File("rows.jsonl"), "--reward", $"{{ name: r, {entry}{(reward.Contains("process", StringComparison.Ordinal) ? ", fields: [prompt]" : "")} }}");
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static void WriteRecipe(TemporaryFolder folder, string rewards, string? before = null) => File.WriteAllText(folder.File("recipe.yaml"), string.Create(CultureInfo.InvariantCulture, $"{before ?? Stage}rewards: {rewards}\n"));

    private static JsonElement Row(CommandLine run)
    {
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return Assert.Single(run.Json.EnumerateArray().ToArray());
    }
}

public abstract class Sketch : IReward
{
    public string Name => "";

    public Modality Judges => default;

    public virtual Scores Score(Candidates candidates) => Array.Empty<float>();
}

public sealed class Silent : Sketch;

public sealed class Faulty : Sketch
{
    public override Scores Score(Candidates candidates) => throw new FormatException("no");
}

public sealed class Unwilling : Sketch
{
    public Unwilling() => throw new InvalidOperationException("not today");
}

public sealed class Demanding(Action wantedWay) : Sketch
{
    public Action Way => wantedWay;
}

public sealed class Ambiguous : Sketch
{
    public Ambiguous()
    {
    }

    public Ambiguous(int count) => Count = count;

    public int Count { get; }
}
