using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Corl.Distributed;
using Spectre.Console;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>One run of a verb: what was asked for, and where the result and the progress go.</summary>
internal sealed class Session(ParseResult parse, CancellationToken interrupt, bool speaks = true)
{
    internal static readonly JsonSerializerOptions JsonStyle = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // captions and answers stay readable
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // a metric may be NaN
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly TextWriter _output = speaks ? parse.InvocationConfiguration.Output : TextWriter.Null;
    private readonly TextWriter _error = speaks ? parse.InvocationConfiguration.Error : TextWriter.Null;

    public CancellationToken Interrupt { get; } = interrupt;

    public bool Json { get; } = parse.GetValue(SharedOptions.Json);

    public bool Quiet { get; } = !speaks || parse.GetValue(SharedOptions.Quiet);

    public ulong? Seed { get; } = parse.GetValue(SharedOptions.Seed);

    public int? Threads { get; } = parse.GetValue(SharedOptions.Threads);

    public T? Value<T>(Option<T> option) => parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => parse.GetRequiredValue(argument);

    /// <summary>The processes that a launcher started together with this one, where the verb lets them work together.</summary>
    public IProcessGroup Processes { get; private init; } = ProcessGroups.Alone;

    /// <summary>The same run as one of several processes, of which the first speaks.</summary>
    public Session Among(IProcessGroup processes) => new(parse, Interrupt, processes.IsFirst()) { Processes = processes };

    /// <summary>Tells of an error, with who had it before it, and gives the exit code.</summary>
    public int Report(Exception error, string who) => Program.Report(_error, error, who);

    /// <summary>What <c>--device</c> says.</summary>
    public string DeviceName { get; } = parse.GetValue(SharedOptions.Device)!;

    /// <summary>The device of <c>--device</c>. The first call loads libtorch, which takes most of a second.</summary>
    public Device OpenDevice() => Devices.Open(parse.GetValue(SharedOptions.Device)!, parse.GetValue(SharedOptions.Threads));

    /// <summary>The terminal to draw progress on, or null when stderr is none or progress is not wanted.</summary>
    public IAnsiConsole? Terminal() => Quiet || Console.IsErrorRedirected || _error != Console.Error
        ? null
        : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) is { Profile.Capabilities.Ansi: true } terminal ? terminal : null;

    /// <summary>A line of the result for people; silent under <c>--json</c>.</summary>
    public void Print(string line)
    {
        if (!Json)
        {
            _output.WriteLine(line);
        }
    }

    /// <summary>The result for programs; silent without <c>--json</c>.</summary>
    public void Document<T>(T document)
    {
        if (Json)
        {
            _output.WriteLine(JsonSerializer.Serialize(document, JsonStyle));
        }
    }

    /// <summary>A line of progress; silent under <c>--quiet</c>.</summary>
    public void Progress(string line)
    {
        if (!Quiet)
        {
            _error.WriteLine(line);
        }
    }

    /// <summary>Something the user must hear of although the command goes on.</summary>
    public void Warn(string line) => _error.WriteLine($"corl: {line}");
}
