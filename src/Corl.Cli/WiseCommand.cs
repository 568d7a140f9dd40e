using System.CommandLine;
using Corl.Evaluation.Drawing;

namespace Corl.Cli;

/// <summary><c>corl eval wise</c>.</summary>
internal static class WiseCommand
{
    private static readonly Option<string> Profile = new("--profile") { Description = "checked: a grade above 2 is no grade; official: any digit is one", DefaultValueFactory = _ => "checked", HelpName = "profile" };
    private static readonly Option<string[]> Import = new("--import") { Description = "Only summarise these score files of the official tool", AllowMultipleArgumentsPerToken = true, HelpName = "files" };

    public static Verb Create()
    {
        Profile.AcceptOnlyFromAmong("checked", "official");
        var verb = new Verb("wise", "WISE: prompts that need knowledge of the world, graded by a judge", "corl eval wise --model ./Janus-Pro-1B --data WISE_legacy/data --judge https://api.openai.com/v1 --protocol my-protocol --out runs/wise", Run) { Profile, Import };
        foreach (var option in DrawingRun.Options.Concat(JudgeOptions.All))
        {
            verb.Add(option);
        }

        return verb;
    }

    private static int Run(Session session)
    {
        if (session.Value(Import) is { Length: > 0 } files)
        {
            return DrawingRun.Imported(session, Wise.Import(files), files[0]);
        }

        var data = session.Value(DrawingRun.Data) ?? throw new UserException("name WISE's folder of prompts (WISE_legacy/data), or one file of it, with --data");
        var judge = DrawingRun.Judge(session, "wise", "WISE is defined by its judge, there is no exact mode: name a server or recorded replies");
        using var owned = judge as IDisposable;

        var (prompts, checksum, isPublished) = WiseData.Read(data);
        return DrawingRun.Run(session, new Wise(prompts, checksum, isPublished)
        {
            Root = DrawingRun.Root(session, "wise"),
            Judge = judge,
            Protocol = JudgeOptions.Protocol(session),
            AnyDigit = session.Value(Profile) == "official",
        }, judge);
    }
}
