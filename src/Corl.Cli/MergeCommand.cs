using System.CommandLine;
using System.Diagnostics;
using Corl.Cli.Recipes;
using Corl.Merging;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Makes one model of several by arithmetic on their weights.</summary>
internal static class MergeCommand
{
    private static readonly Argument<string> ConfigFile = new("config") { Description = "A merge in mergekit's YAML form; or use --method", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "" };
    private static readonly Option<string?> Method = new("--method") { Description = $"{string.Join(", ", MergeFile.Methods)}", HelpName = "name" };
    private static readonly Option<string?> Base = new("--base") { Description = "The model that all experts were trained from: a folder or a file of weights", HelpName = "path" };
    private static readonly Option<string[]> Experts = new("--experts") { Description = "The models to merge", HelpName = "path", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Set = new("--set") { Description = "A parameter of the method for all models, for example lambda=2 or density=0.5", HelpName = "key=value", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> Type = new("--dtype") { Description = "Type to store: bf16, fp16, fp32 or fp64; default: the widest of the models'", HelpName = "type" };
    private static readonly Option<string> Out = new("--out") { Description = "Folder to write; new or empty", Required = true, HelpName = "folder" };

    public static Command Create()
    {
        Type.AcceptOnlyFromAmong([.. ConvertCommand.Types.Keys]);
        return new Verb("merge", "Make one model of several", "corl merge --method gaussian --base runs/unified/policy --experts runs/mcq/policy runs/oe/policy --out merged", Run)
        {
            ConfigFile, Method, Base, Experts, Set, Type, Out,
        };
    }

    private static int Run(Session session)
    {
        var watch = Stopwatch.StartNew();
        var file = session.Value(ConfigFile) is { Length: > 0 } path ? path : null;
        var config = Config(session, file);
        using var models = new MergeModels(config, file is null ? null : Path.GetDirectoryName(Path.GetFullPath(file)));
        var output = OutputFolder.Prepare(session.Value(Out)!);
        var merge = new CheckpointMerge(config, models.Sources, session.Seed ?? 0, session.OpenDevice());
        var (count, shown) = (merge.Tensors.Count, Stopwatch.StartNew());
        Whole(output, folder =>
        {
            merge.Write(folder, merged: done =>
            {
                const int SecondsBetweenLines = 5; // ours, as in training
                if (shown.Elapsed.TotalSeconds > SecondsBetweenLines)
                {
                    session.Progress($"{done} of {count} tensors");
                    shown.Restart();
                }
            });
            models.CopyCompanions(folder, merge.Tensors);
        });

        var seconds = Math.Round(watch.Elapsed.TotalSeconds, 3);
        session.Print($"{output}: {count} tensors merged by {CheckpointMerge.NameOf(config.Method)}, {seconds} s");
        session.Document(new { @out = output, tensors = count, seconds });
        return Program.Done;
    }

    private static MergeConfig Config(Session session, string? file)
    {
        var (method, origin, experts, set) = (session.Value(Method), session.Value(Base), session.Value(Experts)!, session.Value(Set)!);
        ScalarType? stored = session.Value(Type) is { } type ? ConvertCommand.Types[type] : null;
        if (file is not null)
        {
            return method is null && origin is null && experts.Length == 0 && set.Length == 0
                ? MergeFile.Read(file) is var read && stored is not null ? read with { OutDtype = stored } : read
                : throw new UserException($"{file} says what to merge; --method, --base, --experts and --set are for a merge without a file");
        }

        if (method is null || experts.Length == 0)
        {
            throw new UserException("expected a configuration file, or --method with --experts; corl merge --help has an example");
        }

        var parameters = set.Select(MergeFile.Assignment).GroupBy(pair => pair.Name).ToDictionary(group => group.Key, group => group.Last().Setting);
        var known = MergeFile.Method(method) ?? throw new UserException($"--method {method}: unknown; {NearestKey.Suggest(method, MergeFile.Methods)}");
        return MergeConfig.Of(known, origin, experts, parameters) with { OutDtype = stored };
    }

    // The folder gets its name when all of it is on the disk.
    private static void Whole(string output, Action<string> write)
    {
        var hidden = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)) + ".tmp";
        if (Directory.Exists(hidden))
        {
            Directory.Delete(hidden, recursive: true); // a merge that was killed
        }

        try
        {
            write(hidden);
            Directory.Delete(output);
            Directory.Move(hidden, output);
        }
        catch
        {
            Directory.Delete(hidden, recursive: true);
            throw;
        }
    }
}
