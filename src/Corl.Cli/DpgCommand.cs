using System.CommandLine;
using Corl.Evaluation.Drawing;

namespace Corl.Cli;

/// <summary><c>corl eval dpg</c>.</summary>
internal static class DpgCommand
{
    private static readonly Option<string> Profile = new("--profile") { Description = "official: as published numbers are made; fixed: without the official program's two mistakes", DefaultValueFactory = _ => "official", HelpName = "profile" };
    private static readonly Option<int> PerPrompt = new("--per-prompt") { Description = "Images of each prompt: 4 in a picture of 2 × 2, or 1", DefaultValueFactory = _ => 4, HelpName = "n" };

    public static Verb Create()
    {
        Profile.AcceptOnlyFromAmong("official", "fixed");
        var verb = new Verb("dpg", "DPG-Bench: long prompts, checked question by question", "corl eval dpg --model ./Janus-Pro-1B --data dpg_bench --judge http://localhost:8000/v1 --judge-model my-vision-model --out runs/dpg", Run) { Profile, PerPrompt };
        foreach (var option in DrawingRun.Options.Concat(JudgeOptions.All))
        {
            verb.Add(option);
        }

        return verb;
    }

    private static int Run(Session session)
    {
        var data = session.Value(DrawingRun.Data) ?? throw new UserException("name ELLA's dpg_bench.csv, or its folder, with --data");
        var judge = DrawingRun.Judge(session, "dpg", "DPG-Bench needs a model that answers questions about images: name a server or recorded answers");
        using var owned = judge as IDisposable;

        var rules = session.Value(Profile) == "fixed" ? DpgRules.Fixed : DpgRules.Official;
        var (items, checksum) = DpgData.Read(data, rules);
        return DrawingRun.Run(session, new Dpg(items, checksum, rules)
        {
            Root = DrawingRun.Root(session, "dpg"),
            ImagesPerPrompt = session.Value(PerPrompt) is var count and (1 or 4) ? count : throw new UserException($"--per-prompt {session.Value(PerPrompt)}: expected 4 or 1"),
            Judge = judge,
            Protocol = JudgeOptions.Protocol(session),
        }, judge);
    }
}
