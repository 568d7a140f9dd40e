using System.Diagnostics;
using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation.Judges;

public sealed class EndpointJudgeTests
{
    public static IEnumerable<TheoryDataRow<string>> Faults => Enum.GetValues<Fault>().Except([Fault.None, Fault.Unauthorized, Fault.Slow]).Select(fault => new TheoryDataRow<string>(fault.ToString()));

    [Fact]
    public async Task AskAsync_TextAndImage_IsSentAsChat()
    {
        using var server = new FakeJudgeServer((_, _) => (Fault.None, "Consistency: 2"));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Key = "secret-key", Price = new JudgePrice(2, 10) });
        var request = JudgeQuestion.Of("what?") with
        {
            Temperature = 0.5,
            Messages = [new JudgeMessage(JudgeRole.System, "be strict"), new JudgeMessage(JudgeRole.User, "what?") { Images = [[1, 2, 3]] }],
        };
        var reply = await judge.AskAsync(request);
        Assert.Equal(new JudgeReply("Consistency: 2", 11, 7, ((11 * 2) + (7 * 10)) / 1e6m), reply);
        Assert.Equal(new JudgeCounts(1, 0, 0, 11, 7, 0.000092m), judge.Usage.Counts);

        var (head, body) = server.Last;
        Assert.StartsWith("POST /v1/chat/completions HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer secret-key\r\n", head, StringComparison.Ordinal);
        Assert.Equal(("fake-model", 0.5, 5), ((string)body["model"]!, (double)body["temperature"]!, (int)body["max_tokens"]!));
        Assert.Null(body["max_completion_tokens"]);
        var messages = body["messages"]!.AsArray();
        Assert.Equal(("system", "user"), ((string)messages[0]!["role"]!, (string)messages[1]!["role"]!));
        var parts = messages[1]!["content"]!.AsArray();
        Assert.Equal(("text", "what?"), ((string)parts[0]!["type"]!, (string)parts[0]!["text"]!));
        Assert.Equal(("image_url", "data:image/png;base64,AQID"), ((string)parts[1]!["type"]!, (string)parts[1]!["image_url"]!["url"]!));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task AskAsync_OneFault_IsTriedAgain(string fault)
    {
        using var server = new FakeJudgeServer((i, body) => (i == 0 ? Enum.Parse<Fault>(fault) : Fault.None, JudgeQuestion.Echo(body)));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server));
        Assert.Equal("re: a", (await judge.AskAsync(JudgeQuestion.Of("a"))).Text);
        Assert.Equal((2, 1), (server.Requests, judge.Usage.Counts.Repeats));
    }

    [Fact]
    public async Task AskAsync_NoReplyInTime_IsTriedAgain()
    {
        using var server = new FakeJudgeServer((i, body) => (i == 0 ? Fault.Slow : Fault.None, JudgeQuestion.Echo(body)));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Timeout = TimeSpan.FromSeconds(1) });
        Assert.Equal("re: a", (await judge.AskAsync(JudgeQuestion.Of("a"))).Text);
        Assert.True(judge.Usage.Counts.Repeats >= 1);
    }

    [Fact]
    public async Task AskAsync_ServerThatNeverAnswers_IsUnavailableAndNoReply()
    {
        using var server = new FakeJudgeServer((_, _) => (Fault.Broken, ""));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Tries = 3 });
        var error = await Assert.ThrowsAsync<JudgeUnavailableException>(() => judge.AskAsync(JudgeQuestion.Of("a")));
        Assert.Equal(3, server.Requests);
        Assert.Equal(0, judge.Usage.Counts.Asked);
        Assert.StartsWith($"the judge at {server.Address} gave no reply to 'test/a' in 3 tries, at last: status 500 (", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task AskAsync_WrongKey_IsTheUsersMistakeAndKeepsTheKeySecret()
    {
        using var server = new FakeJudgeServer((_, _) => (Fault.Unauthorized, ""));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Key = "sk-1234567890" });
        var error = await Assert.ThrowsAsync<UserException>(() => judge.AskAsync(JudgeQuestion.Of("a")));
        Assert.Equal(1, server.Requests);
        Assert.Contains("--judge-key-env", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-1234567890", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AskAsync_Cancelled_StopsAtOnce()
    {
        using var server = new FakeJudgeServer((_, _) => (Fault.Slow, ""));
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { Timeout = TimeSpan.FromMinutes(1) });
        using var cancel = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => judge.AskAsync(JudgeQuestion.Of("a"), cancel.Token));
        Assert.Equal(0, judge.Usage.Counts.Repeats);
    }

    [Fact]
    public async Task AskAsync_ManyAtOnce_KeepsToRateAndPlaces()
    {
        var (open, most) = (0, 0);
        using var server = new FakeJudgeServer((_, body) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref open));
            Thread.Sleep(5);
            Interlocked.Decrement(ref open);
            return (Fault.None, JudgeQuestion.Echo(body));
        });
        using var judge = new EndpointJudge(JudgeQuestion.Endpoint(server) with { AtOnce = 2, PerMinute = 6000 });
        var watch = Stopwatch.StartNew();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => judge.AskAsync(JudgeQuestion.Of($"{i}"))));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"re: {i}"), replies.Select(reply => reply.Text));
        Assert.True(watch.Elapsed > TimeSpan.FromMilliseconds(180), $"{watch.Elapsed}"); // the 20th begins 19 steps of 10 ms after the first
        Assert.InRange(most, 1, 2);
    }

    [Theory]
    [InlineData("https://api.openai.com/v1/", "https://api.openai.com/v1")]
    [InlineData("http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1")]
    public void At_Addresses_LoseTheirRoute(string text, string expected) => Assert.Equal(new Uri(expected), JudgeEndpoint.At(text).Address);

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://user:pass@host/v1")]
    public void At_OtherThings_AreRefused(string text)
    {
        var error = Assert.Throws<UserException>(() => JudgeEndpoint.At(text));
        Assert.DoesNotContain("pass@", error.Message, StringComparison.Ordinal);
    }
}
