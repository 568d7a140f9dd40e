using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Corl.Cli;

/// <summary>One verb of the command line: a command with an example in its help.</summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description, string example, Func<Session, int> run) : base(name, description)
    {
        Example = example;
        SetAction((parse, interrupt) => Task.FromResult(run(new Session(parse, interrupt))));
    }

    public string Example { get; }
}

/// <summary>The options that every verb understands.</summary>
internal static class SharedOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON document on stdout; progress goes to stderr", Recursive = true };
    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "No progress", Recursive = true };
    public static readonly Option<string> Device = new("--device") { Description = "cpu, cuda or cuda:N", Recursive = true, DefaultValueFactory = _ => "cpu", HelpName = "device" };
    public static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed of everything random (default: the recipe's, else 0)", Recursive = true, HelpName = "n" };
    public static readonly Option<int?> Threads = new("--threads") { Description = "CPU threads (default: one per physical core)", Recursive = true, HelpName = "n" };

    public static IEnumerable<Option> All => [Json, Quiet, Device, Seed, Threads];
}

/// <summary>The usual help, then the verb's example.</summary>
internal sealed class HelpWithExample(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Example:");
            output.WriteLine($"  {verb.Example}");
            output.WriteLine();
        }

        return Program.Done;
    }
}
