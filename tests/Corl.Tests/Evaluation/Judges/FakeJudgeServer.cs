using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corl.Tests.Evaluation.Judges;

/// <summary>What a fake judge does with one request.</summary>
internal enum Fault
{
    None,
    TooMany,
    TooManyRetryLater,
    Broken,
    Unauthorized,
    Dropped,
    DroppedInBody,
    Slow,
    Garbage,
    Truncated,
    EmptyBody,
    EmptyObject,
    NoChoices,
    NoContent,
}

/// <summary>An OpenAI-compatible server on loopback, over plain sockets so that it can misbehave at every place.</summary>
internal sealed class FakeJudgeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, JsonNode, (Fault Fault, string Reply)> _script;
    private int _requests;

    /// <summary>Starts the server.</summary>
    /// <param name="script">For each request, numbered from 0: what is done with it, and the reply.</param>
    public FakeJudgeServer(Func<int, JsonNode, (Fault Fault, string Reply)> script)
    {
        _script = script;
        _listener.Start();
        _ = Task.Run(Accept);
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";

    public int Requests => _requests;

    /// <summary>How long a slow server takes.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Head and body of the last request.</summary>
    public (string Head, JsonNode Body) Last { get; private set; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private async Task Accept()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = Serve(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadRequest(stream) is { } body)
                {
                    var (fault, reply) = _script(Interlocked.Increment(ref _requests) - 1, body);
                    if (!await Answer(stream, fault, reply))
                    {
                        return;
                    }
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The other side has gone.
            }
        }
    }

    private async Task<JsonNode?> ReadRequest(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var length = int.Parse(head.ToString().Split("Content-Length: ")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, _stop.Token);
        Last = (head.ToString(), JsonNode.Parse(body)!);
        return Last.Body;
    }

    private async Task<bool> Answer(NetworkStream stream, Fault fault, string reply)
    {
        if (fault == Fault.Slow)
        {
            await Task.Delay(Delay, _stop.Token);
        }

        var good = JsonSerializer.Serialize(new
        {
            id = "x",
            @object = "chat.completion",
            created = 1,
            model = "fake",
            choices = new[] { new { index = 0, finish_reason = "stop", message = new { role = "assistant", content = reply } } },
            usage = new { prompt_tokens = 11, completion_tokens = 7, total_tokens = 18 },
        });
        var (status, extra, body) = fault switch
        {
            Fault.TooMany => ("429 Too Many Requests", "", """{"error":{"message":"slow down"}}"""),
            Fault.TooManyRetryLater => ("429 Too Many Requests", "Retry-After: 0.05\r\n", """{"error":{"message":"slow down"}}"""),
            Fault.Broken => ("500 Internal Server Error", "", "<html>oops</html>"),
            Fault.Unauthorized => ("401 Unauthorized", "", JsonSerializer.Serialize(new { error = new { message = $"Incorrect key {Last.Head.Split("Bearer ")[1].Split('\r')[0]}" } })),
            Fault.Garbage => ("200 OK", "", "\u0001\u0002 this is not JSON"),
            Fault.Truncated => ("200 OK", "", good[..(good.Length / 2)]),
            Fault.EmptyBody => ("200 OK", "", ""),
            Fault.EmptyObject => ("200 OK", "", "{}"),
            Fault.NoChoices => ("200 OK", "", """{"id":"x","object":"chat.completion","created":1,"model":"fake","choices":[]}"""),
            Fault.NoContent => ("200 OK", "", """{"id":"x","object":"chat.completion","created":1,"model":"fake","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant"}}]}"""),
            _ => ("200 OK", "", good),
        };
        if (fault == Fault.Dropped)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(body);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}Content-Length: {bytes.Length}\r\n\r\n"), _stop.Token);
        await stream.WriteAsync(fault == Fault.DroppedInBody ? bytes.AsMemory(0, bytes.Length / 2) : bytes, _stop.Token);
        return fault != Fault.DroppedInBody;
    }
}
