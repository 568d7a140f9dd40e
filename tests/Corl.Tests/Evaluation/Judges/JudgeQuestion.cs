using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation.Judges;

/// <summary>Questions of these tests.</summary>
internal static class JudgeQuestion
{
    public static JudgeRequest Of(string text, int attempt = 0) => new()
    {
        Label = $"test/{text}",
        Model = "fake-model",
        MaxTokens = 5,
        Attempt = attempt,
        Messages = [new JudgeMessage(JudgeRole.User, text)],
    };

    public static JudgeEndpoint Endpoint(FakeJudgeServer server) => JudgeEndpoint.At(server.Address) with
    {
        FirstWait = TimeSpan.FromMilliseconds(1),
        LongestWait = TimeSpan.FromMilliseconds(60),
        Timeout = TimeSpan.FromMinutes(1),
    };

    /// <summary>The reply of a server that answers what it was asked.</summary>
    public static string Echo(System.Text.Json.Nodes.JsonNode body)
    {
        var content = body["messages"]!.AsArray()[^1]!["content"]!;
        return $"re: {(content is System.Text.Json.Nodes.JsonArray parts ? parts[0]!["text"] : content)}";
    }
}
