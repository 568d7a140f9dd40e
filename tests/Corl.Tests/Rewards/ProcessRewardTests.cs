using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Corl.Data;
using Corl.Imaging;
using Corl.Rewards;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

/// <summary>Programs are shell scripts, which every machine has that runs these tests.</summary>
public sealed class ProcessRewardTests : IDisposable
{
    private const string Half = """while read -r line; do id=${line#*:}; echo "{\"id\":${id%%,*},\"score\":0.5}"; done""";

    private readonly TemporaryFolder _folder = new();

    public ProcessRewardTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs are shell scripts");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_RepliesInAnyOrder_ReachTheirRows()
    {
        using var reward = Reward("""read -r a; read -r b; read -r c; echo '{"score": 3, "id": 2}'; echo '{"id":0,"score":1,"why":"first"}'; echo '{"id":1,"score":null}'; """ + Half);
        Assert.Equal([1f, null, 3f], reward.Score(Prompts("a", "b", "c")).Values);
        Assert.Equal([0.5f, 0.5f], reward.Score(Prompts("d", "e")).Values); // the same program, the next ids
        Assert.Equal([null, null], reward.Score(Prompts("", "")).Values);  // nothing to ask
    }

    [Fact]
    public void Score_Lines_AreJsonWhateverThePolicyWrote()
    {
        string[] responses = ["a \"b\"\n\\c\t\0", "\uD83D", "", new string('x', 10_000_000)];
        var candidates = Prompts("", "") with { GroupSize = 2, Questions = ["What?", "Ω?"], Answers = ["A", "é"], Types = [QuestionType.MultipleChoice, QuestionType.OpenEnded], Responses = responses };
        using (var reward = Reward("""for id in 0 1 2 3; do echo "{\"id\":$id,\"score\":1}"; done; cat > lines""", [RowField.Question, RowField.Answer, RowField.Type, RowField.Response]))
        {
            Assert.Equal([1f, 1f, 1f, 1f], reward.Score(candidates).Values);
        }

        var rows = File.ReadLines(_folder.File("lines")).Select(line => JsonElement.Parse(line)).ToArray();
        Assert.Equal([0, 1, 2, 3], rows.Select(row => row.GetProperty("id").GetInt32()));
        Assert.Equal(["What?", "What?", "Ω?", "Ω?"], rows.Select(row => row.GetProperty("question").GetString()));
        Assert.Equal(["A", "A", "é", "é"], rows.Select(row => row.GetProperty("answer").GetString()));
        Assert.Equal(["MC", "MC", "OE", "OE"], rows.Select(row => row.GetProperty("type").GetString()));
        Assert.Equal([responses[0], "\uFFFD", "", responses[3]], rows.Select(row => row.GetProperty("response").GetString()));
        Assert.All(rows, row => Assert.Equal(5, row.EnumerateObject().Count()));
    }

    [Fact]
    public void Score_Images_ArePngAndMustBeNumbers()
    {
        using var scope = NewDisposeScope();
        using var reward = Reward("""while read -r line; do printf '%s\n' "$line" >> lines; id=${line#*:}; echo "{\"id\":${id%%,*},\"score\":1}"; done""", null);
        var images = tensor(new float[] { -1, 0, 1, float.NaN, 0, 0, 7, -7, 0 }).view(3, 3, 1, 1);

        var scores = reward.Score(Prompts("a", "b", "c") with { Images = images });

        Assert.Equal([1f, float.NaN, 1f], scores.Values);
        byte[][] pixels = [.. File.ReadLines(_folder.File("lines")).Select(line => ImageCodec.Decode(JsonElement.Parse(line).GetProperty("image").GetBytesFromBase64(), "image").Pixels)];
        Assert.Equal([[0, 127, 255], [255, 0, 127]], pixels); // (x + 1) / 2 · 255, cut off
        Assert.Equal([null, null, null], reward.Score(Prompts("a", "b", "c")).Values); // no image, not asked
    }

    [Fact]
    public void Score_CrashInTheMiddle_AsksAgainForWhatIsMissing()
    {
        using var reward = Reward("""if [ ! -e crashed ]; then : > crashed; read -r a; echo '{"id":0,"score":0.25}'; exit 3; fi; """ + Half);
        Assert.Equal([0.25f, 0.5f, 0.5f], reward.Score(Prompts("a", "b", "c")).Values);
    }

    [Fact]
    public void Score_CrashEveryTime_EndsAndQuotesItsLastWords()
    {
        var said = new List<string>();
        using var reward = Reward("echo start >> starts; echo 'no such module' >&2; exit 3", messages: said.Add);
        var error = Assert.Throws<UserException>(() => reward.Score(Prompts("a")));
        Assert.StartsWith("reward \"half\" (sh reward.sh): it ended with code 3, 3 times with one batch; it said: 'no such module'", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, File.ReadLines(_folder.File("starts")).Count());
        Assert.Equal(["no such module", "no such module", "no such module"], said);
    }

    [Fact]
    public void Score_Hangs_IsEndedInTime()
    {
        using var reward = Reward("echo $$ >> pids; sleep 1000 & wait", timeout: 0.2);
        var watch = Stopwatch.StartNew();
        var error = Assert.Throws<UserException>(() => reward.Score(Prompts("a")));
        Assert.Contains("it gave no reply within 0.2 s, 3 times with one batch", error.Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.6, 20);
        AssertEnded();
    }

    [Theory]
    [InlineData("loading...", "it wrote 'loading...'; expected a line such as")]
    [InlineData("{\"id\":0,\"score\":\"high\"}", "it wrote '{\"id\":0,\"score\":\"high\"}'; expected a line such as")]
    [InlineData("{\"id\":0.5,\"score\":1}", "expected a line such as")]
    [InlineData("[0, 1]", "expected a line such as")]
    [InlineData("{\"id\":7,\"score\":1}", "it wrote '{\"id\":7,\"score\":1}'; it was not asked for this id, or has answered it before")]
    public void Score_AnythingButReplies_IsQuoted(string line, string message)
    {
        using var reward = Reward($"echo $$ >> pids; read -r a; printf '%s\\n' '{line}'; {Half}");
        Assert.Contains(message, Assert.Throws<UserException>(() => reward.Score(Prompts("a", "b"))).Message, StringComparison.Ordinal);
        AssertEnded();
    }

    [Fact]
    public void Score_BothSidesWriteMuch_DoesNotBlock()
    {
        // A pipe holds 64 kB. The program complains at length, writes long replies before it reads on, and gets rows longer than a pipe.
        var noise = new string('n', 100_000);
        File.WriteAllText(_folder.File("noise"), $"{noise}\n");
        using var reward = Reward("""while read -r line; do cat noise >&2; id=${line#*:}; printf '{"id":%s,%50000s"score":1}\n' "${id%%,*}" ' '; done""", timeout: 30);
        Assert.All(reward.Score(Prompts([.. Enumerable.Repeat(new string('p', 80_000), 4)])).Values, value => Assert.Equal(1f, value));
    }

    [Fact]
    public void Score_NumberThatNoFloatHolds_IsTheFloorAndCounted()
    {
        using var reward = Reward("""while read -r line; do id=${line#*:}; echo "{\"id\":${id%%,*},\"score\":-1e999}"; done""");
        var column = new RewardSum(new RewardTerm(reward) { Floor = -2 }).Score(Prompts("a")).Columns[0];
        Assert.Equal((-2f, 1), (column.Values[0], column.Failed));
    }

    [Fact]
    public void Dispose_ClosesItsInputAndLetsItEnd()
    {
        using (var reward = Reward($"echo $$ >> pids; {Half}; sleep 0.1; : > ended"))
        {
            reward.Score(Prompts("a"));
        }

        Assert.True(File.Exists(_folder.File("ended")));
        AssertEnded();
    }

    [Fact]
    public void Score_Cancelled_EndsTheProgramAtOnce()
    {
        using var interrupt = new CancellationTokenSource(TimeSpan.FromSeconds(0.3));
        using var reward = Reward("echo $$ >> pids; sleep 1000 & wait", cancellation: interrupt.Token);
        Assert.ThrowsAny<OperationCanceledException>(() => reward.Score(Prompts("a")));
        AssertEnded();
    }

    [Fact]
    public void Score_NoSuchProgram_SaysWhereItWasLookedFor()
    {
        using var reward = new ProcessReward("r", ["./nowhere"]) { Folder = _folder.Path, Fields = [RowField.Prompt] };
        var error = Assert.Throws<UserException>(() => reward.Score(Prompts("a")));
        Assert.StartsWith($"reward \"r\" (./nowhere): cannot start './nowhere' in {_folder.Path} (", error.Message, StringComparison.Ordinal);
        Assert.Contains("[sh, reward.sh]", Assert.Throws<UserException>(() => new ProcessReward("r", [])).Message, StringComparison.Ordinal);
    }

    private static Candidates Prompts(params string[] prompts) => new() { GroupSize = 1, Prompts = prompts };

    private ProcessReward Reward(string script, double timeout = 60, Action<string>? messages = null, CancellationToken cancellation = default) =>
        Reward(script, [RowField.Prompt], timeout, messages, cancellation);

    private ProcessReward Reward(string script, IReadOnlyList<RowField>? fields, double timeout = 60, Action<string>? messages = null, CancellationToken cancellation = default)
    {
        File.WriteAllText(_folder.File("reward.sh"), script);
        return new ProcessReward("half", ["sh", "reward.sh"]) { Folder = _folder.Path, Fields = fields, Timeout = TimeSpan.FromSeconds(timeout), Messages = messages, Cancellation = cancellation };
    }

    // Of every program that wrote its number none runs any more.
    private void AssertEnded()
    {
        int[] programs = [.. File.ReadLines(_folder.File("pids")).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        Assert.NotEmpty(programs);
        Assert.All(programs, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)));
    }
}
