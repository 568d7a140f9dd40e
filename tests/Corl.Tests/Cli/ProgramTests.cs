using System.CommandLine;
using Corl.Cli;

namespace Corl.Tests.Cli;

public sealed class ProgramTests
{
    public static IEnumerable<TheoryDataRow<string>> Verbs => All(Program.Build()).OfType<Verb>().Select(verb => new TheoryDataRow<string>(Program.PathOf(verb)));

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_EveryVerb_ShowsAnExampleThatParses(string verb)
    {
        var help = CommandLine.Run([.. verb.Split(' ')[1..], "--help"]);
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        var example = help.Output.Split("Example:")[1].Trim();
        Assert.StartsWith(verb, example, StringComparison.Ordinal);
        Assert.Empty(Program.Build().Parse(example["corl ".Length..]).Errors);
        foreach (var option in new[] { "--json", "--device", "--seed", "--quiet" })
        {
            Assert.Contains(option, help.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Run_UnknownOption_IsOneLineAndTwo() =>
        CommandLine.Run("env", "--jsn").IsMistake("Unrecognized command or argument '--jsn' (see corl env --help)");

    [Fact]
    public void Run_NoVerb_IsOneLineAndTwo() => CommandLine.Run().IsMistake("Required command was not provided (see corl --help)");

    [Fact]
    public void Run_UnknownDevice_IsOneLineAndTwo() =>
        CommandLine.Run("env", "--device", "tpu").IsMistake("device 'tpu': expected cpu, cuda or cuda:N");

    [Fact]
    public void Env_Json_IsOneDocument()
    {
        var run = CommandLine.Run("env", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal("2.10.0", run.Json.GetProperty("libtorch").GetString());
        Assert.InRange(run.Json.GetProperty("gemmGflops").GetDouble(), 0.1, 1e6);
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
