using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation;

/// <summary>Replies to the questions of a golden table, and compares each question with the one that the kit asked.</summary>
internal sealed class GoldenJudge(JsonElement replies, JsonElement calls, ISet<string> compared) : IJudge
{
    private readonly Dictionary<string, int> _asked = [];

    public string? Model => null;

    public int AtOnce => 1;

    public JudgeUsage Usage { get; } = new();

    /// <summary>How the questions differ from the kit's.</summary>
    public List<string> Differences { get; } = [];

    public int Asked { get; private set; }

    public Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancel = default)
    {
        lock (_asked)
        {
            var (item, stage) = request.Label.Split('/') is [_, var index, .. var rest] ? (index, rest is ["score"] ? "score" : "answer") : throw new InvalidOperationException(request.Label);
            var place = _asked.GetValueOrDefault(request.Label);
            _asked[request.Label] = place + 1;
            Asked++;
            Compare(request, item, stage, place);
            var queue = replies.TryGetProperty(item, out var row) && row.TryGetProperty(stage, out var some) ? [.. some.EnumerateArray().Select(reply => reply.GetString()!)] : (string[])["Z"];
            return Task.FromResult(new JudgeReply(queue[Math.Min(place, queue.Length - 1)]));
        }
    }

    private void Compare(JudgeRequest request, string item, string stage, int place)
    {
        var expected = calls.TryGetProperty(item, out var list) ? list.EnumerateArray().Where(call => call.GetProperty("stage").GetString() == stage).ElementAtOrDefault(place) : default;
        if (expected.ValueKind == JsonValueKind.Undefined)
        {
            Differences.Add($"{request.Label}: the kit does not ask this");
            return;
        }

        var temperature = expected.GetProperty("temperature") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0; // the client's default
        if (temperature != request.Temperature || place != request.Attempt)
        {
            Differences.Add($"{request.Label}: temperature {request.Temperature}, attempt {request.Attempt}");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Messages[0].Text)));
        if (compared.Contains(stage) && hash != expected.GetProperty("prompt_sha256").GetString())
        {
            Differences.Add($"{request.Label}: asked in other words: {request.Messages[0].Text}");
        }
    }
}
