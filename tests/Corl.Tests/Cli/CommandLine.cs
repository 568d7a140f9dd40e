using System.Text.Json;
using Corl.Cli;

namespace Corl.Tests.Cli;

/// <summary>Runs command lines in this process and keeps what they print.</summary>
internal sealed record CommandLine(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static CommandLine Run(params string[] args) => RunUntil(default, args);

    /// <summary>The same, interrupted as by Ctrl-C when the token is cancelled.</summary>
    public static CommandLine RunUntil(CancellationToken interrupt, params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var code = Program.Run(args, output, error, interrupt);
        return new CommandLine(code, output.ToString(), error.ToString());
    }

    /// <summary>Asserts a mistake of the user's: exit code 2, nothing on stdout, and the one line on stderr.</summary>
    public void IsMistake(string line)
    {
        Assert.Equal($"corl: {line}{Environment.NewLine}", Error);
        Assert.Equal((Program.UsersMistake, ""), (ExitCode, Output));
    }
}
