namespace Corl.Evaluation.Judges;

/// <summary>An OpenAI-compatible server and how it may be used.</summary>
/// <param name="Address">What "/chat/completions" is appended to, for example https://api.openai.com/v1.</param>
internal sealed record JudgeEndpoint(Uri Address)
{
    /// <summary>The server whose newer models accept only the newer name of the reply's longest length.</summary>
    public const string OpenAiHost = "api.openai.com";

    private const string Route = "/chat/completions";

    /// <summary>The key, or null for a server that wants none. It is sent to the server and goes nowhere else.</summary>
    public string? Key { get; init; }

    /// <summary>The model asked for; null: each benchmark's own.</summary>
    public string? Model { get; init; }

    /// <summary>Most questions that are open at once.</summary>
    public int AtOnce { get; init; } = 8; // ours: the first step of common rate limits

    /// <summary>Most tries that begin in a minute; 0 for no limit.</summary>
    public int PerMinute { get; init; }

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2); // ours: 2000 tokens at 20 a second

    /// <summary>Tries of one question.</summary>
    public int Tries { get; init; } = 8;

    /// <summary>The wait before the second try; it doubles from try to try: about two minutes in all.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>No wait is longer, whatever the server asks for.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What the server charges.</summary>
    public JudgePrice Price { get; init; } = JudgePrice.Free;

    /// <summary>Reads an address.</summary>
    /// <exception cref="UserException">Not an address of a web server.</exception>
    public static JudgeEndpoint At(string address)
    {
        var isAddress = Uri.TryCreate(address.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0;
        if (!isAddress)
        {
            throw new UserException($"--judge {Quoted.Line(address)}: expected none, replay:FILE or the address of an OpenAI-compatible server such as http://localhost:8000/v1");
        }

        if (uri!.UserInfo.Length > 0)
        {
            throw new UserException("--judge: the address holds a name or a password; put the key into an environment variable and name it with --judge-key-env");
        }

        var text = uri.ToString().TrimEnd('/');
        return new JudgeEndpoint(text.EndsWith(Route, StringComparison.Ordinal) ? new Uri(text[..^Route.Length]) : uri);
    }
}
