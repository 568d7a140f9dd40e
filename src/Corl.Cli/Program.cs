using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;

namespace Corl.Cli;

/// <summary>The command <c>corl</c>. Exit codes: 0 done, 1 a fault of ours, 2 a mistake of the user's, 130 interrupted.</summary>
internal static class Program
{
    internal const int Done = 0, OurFault = 1, UsersMistake = 2, Interrupted = 130; // 130 = 128 + SIGINT, as shells report it

    public static int Main(string[] args)
    {
        if (Devices.MustRunAgain)
        {
            return Guard(Console.Error, () => Devices.RunAgain(typeof(Program).Assembly, args));
        }

        using var interrupt = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            if (!interrupt.IsCancellationRequested) // the second signal ends the process at once
            {
                context.Cancel = true;
                Console.Error.WriteLine("corl: stopping after the current step; once more stops at once");
                interrupt.Cancel();
            }
        }

        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return Run(args, Console.Out, Console.Error, interrupt.Token);
    }

    /// <summary>Runs one command line; every error ends as one line on <paramref name="error"/> and an exit code.</summary>
    internal static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken interrupt = default)
    {
        return Guard(error, () =>
        {
            // A prompt may begin with '@', so response files are off.
            var parse = Build().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parse.Errors.Count > 0)
            {
                return Fail(error, UsersMistake, $"{parse.Errors[0].Message.TrimEnd('.')} (see {PathOf(parse.CommandResult.Command)} --help)");
            }

            // Everything runs on this thread: dispose scopes and no_grad belong to it.
            return parse.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interrupt).GetAwaiter().GetResult();
        });
    }

    /// <summary>The command with its verbs. Not a RootCommand, whose name would be that of the program file.</summary>
    internal static Command Build()
    {
        var help = new HelpOption();
        help.Action = new HelpWithExample((HelpAction)help.Action!);
        var root = new Command("corl", "Co-reinforcement learning of unified multimodal models: two-stage GRPO of Janus-Pro.")
        {
            DemoCommand.Create(),
            TrainCommand.Create(),
            SftCommand.Create(),
            ReproduceCommand.Create(),
            GenerateCommand.Create(),
            AskCommand.Create(),
            EvalCommand.Create(),
            InspectCommand.Create(),
            ConvertCommand.Create(),
            MergeCommand.Create(),
            DataCommand.Create(),
            ScoreCommand.Create(),
            SpiceCommand.Create(),
            EnvCommand.Create(),
            help,
            new VersionOption(),
        };
        foreach (var option in SharedOptions.All)
        {
            root.Add(option);
        }

        return root;
    }

    /// <summary>"corl data shapes" for the verb <c>shapes</c> of <c>data</c>.</summary>
    internal static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : command.Name;

    /// <summary>Tells of an error in one line and gives its exit code.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="error">What was thrown.</param>
    /// <param name="who">Stands before the message.</param>
    internal static int Report(TextWriter output, Exception error, string who = "")
    {
        if (error is not (UserException or IOException or UnauthorizedAccessException or OperationCanceledException) && Environment.GetEnvironmentVariable("CORL_TRACE") == "1")
        {
            output.WriteLine(error);
        }

        return error switch
        {
            UserException or IOException or UnauthorizedAccessException => Fail(output, UsersMistake, who + error.Message),
            OperationCanceledException => Fail(output, Interrupted, who + "interrupted"),
            _ => Fail(output, OurFault, $"{who}internal error: {error.GetType().Name}: {error.Message} (CORL_TRACE=1 shows where)"),
        };
    }

    private static int Guard(TextWriter error, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception e)
        {
            return Report(error, e);
        }
    }

    private static int Fail(TextWriter error, int code, string message)
    {
        error.WriteLine($"corl: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
