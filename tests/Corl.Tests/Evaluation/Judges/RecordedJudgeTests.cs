using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation.Judges;

public sealed class RecordedJudgeTests
{
    [Fact]
    public async Task AskAsync_LinesOfOneLabel_AreTheAttempts()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("replies.jsonl");
        File.WriteAllLines(file,
        [
            """{"label":"test/a","text":"first"}""",
            "",
            """{"label":"test/a","text":null}""",
            $$"""{"sha256":"{{JudgeQuestion.Of("b").Key}}","text":"by key"}""",
            """{"label":"test/a","text":"last"}""",
        ]);
        var judge = RecordedJudge.Open(file, "m");
        Assert.Equal("m", judge.Model);
        Assert.Equal("first", (await judge.AskAsync(JudgeQuestion.Of("a"))).Text);
        await Assert.ThrowsAsync<JudgeUnavailableException>(() => judge.AskAsync(JudgeQuestion.Of("a", attempt: 1)));
        Assert.Equal("last", (await judge.AskAsync(JudgeQuestion.Of("a", attempt: 2))).Text);
        Assert.Equal("last", (await judge.AskAsync(JudgeQuestion.Of("a", attempt: 9))).Text);
        Assert.Equal("by key", (await judge.AskAsync(JudgeQuestion.Of("b"))).Text);
        var error = await Assert.ThrowsAsync<UserException>(() => judge.AskAsync(JudgeQuestion.Of("c")));
        Assert.StartsWith($"{file}: no reply for 'test/c';", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not JSON", "line 1: not valid JSON")]
    [InlineData("""{"text":"x"}""", "line 1: expected the key 'label' or 'sha256'")]
    [InlineData("""{"label":"x","text":3}""", "line 1: text: expected a string, got 3")]
    public void Open_MalformedLine_IsNamed(string line, string problem)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("replies.jsonl");
        File.WriteAllText(file, line);
        Assert.Contains(problem, Assert.Throws<UserException>(() => RecordedJudge.Open(file)).Message, StringComparison.Ordinal);
    }
}
