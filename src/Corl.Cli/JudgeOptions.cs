using System.CommandLine;
using System.Globalization;
using Corl.Evaluation.Judges;

namespace Corl.Cli;

/// <summary>The options of everything that a judge decides, and the judge they make.</summary>
internal static class JudgeOptions
{
    private const string None = "none", Replay = "replay:";
    private const string OpenAiKey = "OPENAI_API_KEY"; // where OpenAI's own programs look for the key

    private static readonly Option<string> Judge = new("--judge") { Description = "none, replay:FILE (or replay:FOLDER, a judge's cache), or the address of an OpenAI-compatible server, for example http://localhost:8000/v1", DefaultValueFactory = _ => None, HelpName = "judge" };
    private static readonly Option<string?> Model = new("--judge-model") { Description = "Model of the judge (default: the benchmark's own)", HelpName = "name" };
    private static readonly Option<string?> KeyVariable = new("--judge-key-env") { Description = $"Environment variable that holds the key (default: {OpenAiKey} for {JudgeEndpoint.OpenAiHost}, else no key)", HelpName = "variable" };
    private static readonly Option<int> Rate = new("--judge-rate") { Description = "Most questions a minute; 0 for no limit", HelpName = "n" };
    private static readonly Option<int> AtOnce = new("--judge-at-once") { Description = "Questions that are open at once", DefaultValueFactory = _ => 8, HelpName = "n" };
    private static readonly Option<double> Seconds = new("--judge-timeout") { Description = "Seconds that one try may take", DefaultValueFactory = _ => 120, HelpName = "seconds" };
    private static readonly Option<string?> Price = new("--judge-price") { Description = "Price of a million tokens, read and written, for example 2.5/10", HelpName = "in/out" };
    private static readonly Option<string?> Cache = new("--judge-cache") { Description = "Folder where replies are kept (default: judge in the output folder)", HelpName = "folder" };
    private static readonly Option<string?> ProtocolFolder = new("--protocol") { Description = "Folder with the benchmark's own prompts for judges (default: ours, results are marked as paraphrase)", HelpName = "folder" };

    /// <summary>The options of who is asked.</summary>
    public static IEnumerable<Option> Asking => [Judge, Model, KeyVariable, Rate, AtOnce, Seconds, Price, Cache];

    public static IEnumerable<Option> All => [.. Asking, ProtocolFolder];

    /// <summary>Whether <c>--judge</c> names one.</summary>
    public static bool IsNamed(Session session) => session.Value(Judge) != None;

    /// <summary>The prompts of <c>--protocol</c>.</summary>
    public static JudgeProtocol Protocol(Session session) => JudgeProtocol.Open(session.Value(ProtocolFolder));

    /// <summary>The judge of <c>--judge</c>; null for none. Whoever opens it disposes of it.</summary>
    /// <param name="session">The command line.</param>
    /// <param name="folder">Where replies are kept unless <c>--judge-cache</c> names another folder; null: nowhere.</param>
    /// <exception cref="UserException">An option is wrong, or a key is missing.</exception>
    public static IJudge? Open(Session session, string? folder)
    {
        var (judge, model, cache) = (session.Value(Judge)!, session.Value(Model), session.Value(Cache) ?? folder);
        if (judge == None)
        {
            return null;
        }

        if (judge.StartsWith(Replay, StringComparison.Ordinal))
        {
            var path = judge[Replay.Length..];
            return Directory.Exists(path) ? new JudgeCache(path, inner: null, model) : RecordedJudge.Open(path, model);
        }

        var endpoint = Endpoint(session, judge, model);
        var notice = new HashSet<string>();
        var asked = new EndpointJudge(endpoint, line =>
        {
            lock (notice)
            {
                if (notice.Add(line)) // an overloaded server says the same thousands of times
                {
                    session.Progress(line);
                }
            }
        });
        return cache is null ? asked : new JudgeCache(cache, asked);
    }

    private static JudgeEndpoint Endpoint(Session session, string address, string? model)
    {
        var endpoint = JudgeEndpoint.At(address);
        var (rate, atOnce, seconds) = (session.Value(Rate), session.Value(AtOnce), session.Value(Seconds));
        if (rate is < 0 or > 1_000_000 || atOnce is < 1 or > 1024 || !(seconds is > 0 and <= 3600))
        {
            throw new UserException("--judge-rate: expected 0 to 1000000; --judge-at-once: expected 1 to 1024; --judge-timeout: expected at most 3600 seconds");
        }

        return endpoint with
        {
            Key = KeyFor(endpoint, session.Value(KeyVariable)),
            Model = model,
            PerMinute = rate,
            AtOnce = atOnce,
            Timeout = TimeSpan.FromSeconds(seconds),
            Price = PriceOf(session.Value(Price)),
        };
    }

    // OpenAI's key goes to OpenAI without asking, to nobody else.
    private static string? KeyFor(JudgeEndpoint endpoint, string? variable)
    {
        var name = variable ?? (endpoint.Address.Host == JudgeEndpoint.OpenAiHost ? OpenAiKey : null);
        if (name is null)
        {
            return null;
        }

        var key = Environment.GetEnvironmentVariable(name)?.Trim();
        return key is { Length: > 0 } ? key : throw new UserException($"the environment variable {Quoted.Name(name)} is not set; it has to hold the judge's key (--judge-key-env)");
    }

    private static JudgePrice PriceOf(string? text)
    {
        if (text is null)
        {
            return JudgePrice.Free;
        }

        decimal[] parts = [.. text.Split('/').Select(part => decimal.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value < 1_000_000 ? value : -1)];
        return parts is [>= 0, >= 0] ? new JudgePrice(parts[0], parts[1]) : throw new UserException($"--judge-price {Quoted.Line(text)}: expected two prices such as 2.5/10");
    }
}
