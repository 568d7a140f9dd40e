using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation.Judges;

public sealed class JudgeCacheTests
{
    [Fact]
    public async Task AskAsync_StormOfFaults_ChangesNoReplyAndLosesNone()
    {
        const int Questions = 60;
        using var folder = new TemporaryFolder();
        var faults = Enum.GetValues<Fault>().Except([Fault.Unauthorized, Fault.Slow]).ToArray();
        using (var server = new FakeJudgeServer((i, body) => (CounterRng.Named(7, "fault", i) is var rng && rng.Uniform() < 0.5 ? rng.Choice(faults) : Fault.None, JudgeQuestion.Echo(body))))
        {
            using var storm = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Tries = 30 });
            using var judge = new JudgeCache(folder.Path, storm);
            var replies = await Task.WhenAll(Enumerable.Range(0, Questions).Select(i => judge.AskAsync(JudgeQuestion.Of($"{i}"))));
            Assert.Equal(Enumerable.Range(0, Questions).Select(i => $"re: {i}"), replies.Select(reply => reply.Text));
            Assert.Equal(Questions, judge.Usage.Counts.Asked);
            Assert.True(judge.Usage.Counts.Repeats > 10);
        }

        using var alone = new JudgeCache(folder.Path, inner: null); // nobody is there to ask any more
        for (var i = 0; i < Questions; i++)
        {
            Assert.Equal(new JudgeReply($"re: {i}", 11, 7), await alone.AskAsync(JudgeQuestion.Of($"{i}")));
        }

        Assert.Equal(new JudgeCounts(0, Questions, 0, 0, 0, 0), alone.Usage.Counts);
    }

    [Fact]
    public async Task AskAsync_SameQuestionTwice_IsAskedOnce()
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeJudgeServer((_, body) => (Fault.None, JudgeQuestion.Echo(body)));
        using var judge = new JudgeCache(folder.Path, new EndpointJudge(JudgeQuestion.Endpoint(server)));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => judge.AskAsync(JudgeQuestion.Of("same") with { Label = $"item/{i}" })));
        await judge.AskAsync(JudgeQuestion.Of("same"));
        Assert.Equal(1, server.Requests);
        await judge.AskAsync(JudgeQuestion.Of("same", attempt: 1)); // asked again on purpose
        Assert.Equal(2, server.Requests);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("text changed")]
    [InlineData("of another question")]
    [InlineData("too deep")]
    public async Task AskAsync_DamagedEntry_IsAskedAgain(string damage)
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeJudgeServer((_, body) => (Fault.None, JudgeQuestion.Echo(body)));
        using var judge = new JudgeCache(folder.Path, new EndpointJudge(JudgeQuestion.Endpoint(server)));
        await judge.AskAsync(JudgeQuestion.Of("a"));
        await judge.AskAsync(JudgeQuestion.Of("b"));
        string FileOf(string text) => Directory.GetFiles(folder.Path, JudgeQuestion.Of(text).Key + ".json", SearchOption.AllDirectories).Single();
        var entry = File.ReadAllText(FileOf("a"));
        File.WriteAllText(FileOf("a"), damage switch
        {
            "cut" => entry[..^5],
            "empty" => "",
            "text changed" => entry.Replace("re: a", "re: z", StringComparison.Ordinal),
            "too deep" => new string('[', 100_000),
            _ => File.ReadAllText(FileOf("b")),
        });
        Assert.Equal("re: a", (await judge.AskAsync(JudgeQuestion.Of("a"))).Text);
        Assert.Equal((3, 1), (server.Requests, judge.Damaged));
        Assert.Equal("re: a", (await judge.AskAsync(JudgeQuestion.Of("a"))).Text);
        Assert.Equal(3, server.Requests);
    }

    [Fact]
    public async Task AskAsync_TwoProcessesShareAFolder_BothGetWholeReplies()
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeJudgeServer((_, body) => (Fault.None, JudgeQuestion.Echo(body)));
        using var one = new JudgeCache(folder.Path, new EndpointJudge(JudgeQuestion.Endpoint(server)));
        using var two = new JudgeCache(folder.Path, new EndpointJudge(JudgeQuestion.Endpoint(server))); // knows of the first through the folder alone
        var replies = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => (i % 2 == 0 ? one : two).AskAsync(JudgeQuestion.Of($"{i / 2}"))));
        Assert.Equal(Enumerable.Range(0, 80).Select(i => $"re: {i / 2}"), replies.Select(reply => reply.Text));
        Assert.Equal((0, 0), (one.Damaged, two.Damaged));
        Assert.Equal(40, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Length); // and nothing else is left
    }

    [Fact]
    public async Task AskAsync_UnknownToAClosedCache_NamesTheQuestion()
    {
        using var folder = new TemporaryFolder();
        using var judge = new JudgeCache(folder.Path, inner: null, model: "m");
        var error = await Assert.ThrowsAsync<UserException>(() => judge.AskAsync(JudgeQuestion.Of("a")));
        Assert.Contains("holds no reply for 'test/a'", error.Message, StringComparison.Ordinal);
        Assert.Equal("m", judge.Model);
    }

    [Fact]
    public void Key_DependsOnEverythingButTheLabel()
    {
        var question = JudgeQuestion.Of("a");
        JudgeRequest[] others =
        [
            question with { Model = "other" },
            question with { Temperature = 0.5 },
            question with { MaxTokens = 6 },
            question with { Attempt = 1 },
            question with { Messages = [new JudgeMessage(JudgeRole.System, "a")] },
            question with { Messages = [new JudgeMessage(JudgeRole.User, "b")] },
            question with { Messages = [new JudgeMessage(JudgeRole.User, "a") { Images = [[1]] }] },
            question with { Messages = [new JudgeMessage(JudgeRole.User, "a") { Images = [[2]] }] },
            question with { Messages = [new JudgeMessage(JudgeRole.User, "a") { Images = [[1], [2]] }] },
        ];
        Assert.Equal(others.Length + 1, others.Append(question).Select(one => one.Key).Distinct().Count());
        Assert.Equal(question.Key, (question with { Label = "another" }).Key);
        Assert.Matches("^[0-9a-f]{64}$", question.Key);
    }
}
