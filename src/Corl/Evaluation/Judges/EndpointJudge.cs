using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Corl.Evaluation.Judges;

/// <summary>
/// Asks an OpenAI-compatible server, and again until a whole reply is there: slow, broken, overloaded and talking nonsense are all the
/// same to whoever asks. Tries are repeated here and not by the client, because only here a reply is known to be one.
/// </summary>
internal sealed class EndpointJudge : IJudge, IDisposable
{
    private const int MaxReplyBytes = 1 << 24; // ours: the longest replies asked for have 2048 tokens
    private const string NoKey = "none";       // the client wants some text; servers without keys ignore it

    private readonly JudgeEndpoint _endpoint;
    private readonly HttpClient _http;
    private readonly OpenAIClient _client;
    private readonly SemaphoreSlim _places;
    private readonly JudgePace _pace;
    private readonly Action<string>? _notice;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="notice">Told why a try failed, once for each kind of failure.</param>
    public EndpointJudge(JudgeEndpoint endpoint, Action<string>? notice = null)
    {
        (_endpoint, _notice) = (endpoint, notice);
        _http = new HttpClient(new BoundedReplies(MaxReplyBytes)) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new OpenAIClient(new ApiKeyCredential(endpoint.Key ?? NoKey), new OpenAIClientOptions
        {
            Endpoint = endpoint.Address,
            NetworkTimeout = Timeout.InfiniteTimeSpan, // the time limit is ours, see AskOnce
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            Transport = new HttpClientPipelineTransport(_http),
        });
        _places = new SemaphoreSlim(endpoint.AtOnce);
        _pace = new JudgePace(endpoint.PerMinute);
    }

    public string? Model => _endpoint.Model;

    public int AtOnce => _endpoint.AtOnce;

    public JudgeUsage Usage { get; } = new();

    public async Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancel = default)
    {
        await _places.WaitAsync(cancel);
        try
        {
            for (var tried = 1; ; tried++)
            {
                await _pace.WaitAsync(cancel);
                try
                {
                    var reply = await AskOnce(request, cancel);
                    Usage.Reply(reply);
                    return reply;
                }
                catch (Exception error) when (!cancel.IsCancellationRequested)
                {
                    Refuse(error, request.Model);
                    if (tried == _endpoint.Tries)
                    {
                        throw new JudgeUnavailableException($"the judge at {_endpoint.Address} gave no reply to {Quoted.Name(request.Label)} in {tried} tries, at last: {Describe(error)}; replies so far are kept in the judge's cache: run the same command again", error);
                    }

                    Usage.Repeat();
                    _notice?.Invoke($"judge: {Describe(error)}; trying again");
                    await Wait(error, tried, cancel);
                }
            }
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    private async Task<JudgeReply> AskOnce(JudgeRequest request, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_endpoint.Timeout);
        using var chat = _client.GetChatClient(request.Model).AsIChatClient();
        ChatResponse response;
        try
        {
            response = await chat.GetResponseAsync(request.Messages.Select(Message), Options(request), limit.Token);
        }
        catch (OperationCanceledException error) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"no reply within {_endpoint.Timeout.TotalSeconds:0.#} s", error);
        }

        var texts = response.Messages.SelectMany(message => message.Contents).OfType<TextContent>().ToArray();
        if (texts.Length == 0)
        {
            throw new InvalidDataException("a reply without text");
        }

        var (input, output) = (Tokens(response.Usage?.InputTokenCount), Tokens(response.Usage?.OutputTokenCount));
        return new JudgeReply(string.Concat(texts.Select(text => text.Text)), input, output, _endpoint.Price.Of(input, output));
    }

    // Within an int, whatever a server says.
    private static long Tokens(long? said) => Math.Clamp(said ?? 0, 0, int.MaxValue);

    private ChatOptions Options(JudgeRequest request)
    {
        if (_endpoint.Address.Host == JudgeEndpoint.OpenAiHost)
        {
            return new ChatOptions { Temperature = (float)request.Temperature, MaxOutputTokens = request.MaxTokens };
        }

        // Other servers know the older name, and not all of them the newer one, which the client sends.
        var options = new ChatCompletionOptions();
#pragma warning disable SCME0001 // the client's way to send a field that it has no property for; may change with its version
        options.Patch.Set("$.max_tokens"u8, request.MaxTokens);
#pragma warning restore SCME0001
        return new ChatOptions { Temperature = (float)request.Temperature, RawRepresentationFactory = _ => options };
    }

    private static ChatMessage Message(JudgeMessage message)
    {
        var role = message.Role switch
        {
            JudgeRole.System => ChatRole.System,
            JudgeRole.Assistant => ChatRole.Assistant,
            _ => ChatRole.User,
        };
        return new ChatMessage(role, [new TextContent(message.Text), .. message.Images.Select(png => new DataContent(png, "image/png"))]);
    }

    // What no repetition mends is the user's to mend.
    private void Refuse(Exception error, string model)
    {
        if (error is not ClientResultException { Status: >= 400 and < 500 and not (408 or 409 or 425 or 429) } refused)
        {
            return;
        }

        var hint = (HttpStatusCode)refused.Status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "the key is missing or not accepted; name its environment variable with --judge-key-env",
            HttpStatusCode.NotFound => $"no model {Quoted.Name(model)} there, or another address; see --judge-model",
            _ => $"the server does not accept the question; is {Quoted.Name(model)} the right --judge-model?",
        };
        throw new UserException($"the judge at {_endpoint.Address} refuses: {Describe(error)}; {hint}", error);
    }

    private string Describe(Exception error)
    {
        const int Shown = 200; // characters of a server's message
        var text = error is ClientResultException { Status: > 0 } answered ? $"status {answered.Status} ({answered.Message})" : (error.InnerException is HttpRequestException or IOException ? error.InnerException : error).Message;
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        line = _endpoint.Key is { Length: > 0 } key ? line.Replace(key, "…", StringComparison.Ordinal) : line;
        return Quoted.Line(line.Length > Shown ? line[..Shown] + "…" : line);
    }

    private async Task Wait(Exception error, int tried, CancellationToken cancel)
    {
        var doubled = _endpoint.FirstWait * Math.Pow(2, tried - 1) * (1 + (Random.Shared.NextDouble() / 2)); // not all at the same instant again
        var asked = error is ClientResultException refused ? RetryAfter(refused.GetRawResponse()) : null;
        if (asked is { } pause)
        {
            _pace.Pause(Shorter(pause, _endpoint.LongestWait)); // holds for every question, not for this one alone
        }

        await Task.Delay(Shorter(doubled, _endpoint.LongestWait), cancel);
    }

    // Seconds, or a date.
    private static TimeSpan? RetryAfter(PipelineResponse? response)
    {
        if (response is null || !response.Headers.TryGetValue("Retry-After", out var value))
        {
            return null;
        }

        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < int.MaxValue)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out var date) && date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : null;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    // Reads a reply to its end before anything looks at it, as long as it has a sane size.
    private sealed class BoundedReplies(int maxBytes) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(maxBytes, cancellationToken);
            return response;
        }
    }
}
