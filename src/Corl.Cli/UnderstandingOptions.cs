using System.CommandLine;
using System.Globalization;
using Corl.Evaluation;
using Corl.Evaluation.Understanding;

namespace Corl.Cli;

/// <summary>The options of the understanding benchmarks.</summary>
internal static class UnderstandingOptions
{
    private const int MostNewTokens = 16_384; // Janus-Pro's context

    public static readonly Option<string> Data = new("--data") { Description = "The benchmark's file as VLMEvalKit distributes it, or the folder with such files ($LMUData)", Required = true, HelpName = "path" };
    public static readonly Option<string> Out = new("--out") { Description = "Folder for predictions, verdicts and the result; a run that was stopped goes on in it", Required = true, HelpName = "folder" };
    public static readonly Option<string?> Predictions = new("--predictions") { Description = "Score these instead of asking a model: .xlsx or .tsv of VLMEvalKit, or a run's predictions.jsonl", HelpName = "file" };

    private static readonly Option<string> Profile = new("--profile") { Description = $"Whose rules: {KitProfiles.May2025} or {KitProfiles.Head}", DefaultValueFactory = _ => KitProfiles.May2025, HelpName = "name" };
    private static readonly Option<string> PromptStyle = new("--prompt-style") { Description = "kit: VLMEvalKit's prompts; cot: the training prompts, with thoughts and answer in tags", DefaultValueFactory = _ => "kit", HelpName = "style" };
    private static readonly Option<string> RoleStyle = new("--role-style") { Description = "januspro: <|User|>, as in training; vlmevalkit: User", DefaultValueFactory = _ => "januspro", HelpName = "style" };
    private static readonly Option<string?> Unwrap = new("--unwrap") { Description = "tags: score what is inside the answer tags; none: all of the answer (default: tags with --prompt-style cot, else none)", HelpName = "how" };
    private static readonly Option<int?> Limit = new("--limit") { Description = "Only the first items", HelpName = "n" };
    private static readonly Option<int> Batch = new("--batch") { Description = "Items that go through the model together", DefaultValueFactory = _ => 8, HelpName = "n" };
    private static readonly Option<int> MaxNewTokens = new("--max-new-tokens") { Description = "Longest answer", DefaultValueFactory = _ => Answerer.KitMaxNewTokens, HelpName = "n" };
    private static readonly Option<string?> Shard = new("--shard") { Description = "Answer only this part, for example 2/4; scoring follows with the same command without it", HelpName = "i/n" };
    private static readonly Option<string?> Export = new("--export") { Description = "Write the predictions for VLMEvalKit, too: xlsx or tsv", HelpName = "format" };
    private static readonly Option<bool> Proxy = new("--proxy") { Description = "Without a judge, let rules of ours stand in where the benchmark has none; not the benchmark's number" };
    private static readonly Option<bool> FixList = new("--fix-list") { Description = "MathVista: lists and texts can be right" };
    private static readonly Option<bool> FixSymbolic = new("--fix-symbolic") { Description = "MathVision: compare roots and symbols as mathematics" };
    private static readonly Option<bool> FixGroups = new("--fix-groups") { Description = "WeMath: shares of the groups that are there, not of 525" };
    private static readonly Option<bool> FixCapabilities = new("--fix-capabilities") { Description = "MM-Vet: count every item once" };

    /// <summary>What every verb of the kind takes.</summary>
    public static IEnumerable<Option> All =>
    [
        ModelFolder.Option, ModelFolder.Adapter, Data, Out, Predictions, Profile, PromptStyle, RoleStyle, Unwrap, Limit, Batch, MaxNewTokens, Shard, Export, Proxy,
        FixList, FixSymbolic, FixGroups, FixCapabilities, .. JudgeOptions.All,
    ];

    /// <summary>How the benchmark is asked and scored.</summary>
    public static KitSettings Settings(Session session)
    {
        var style = session.Value(PromptStyle) switch { "kit" => Evaluation.Understanding.PromptStyle.Kit, "cot" => Evaluation.Understanding.PromptStyle.Cot, var other => throw new UserException($"--prompt-style {other}: expected kit or cot") };
        return new KitSettings
        {
            Profile = KitProfiles.Parse(session.Value(Profile)!),
            Style = style,
            Unwrap = session.Value(Unwrap) switch
            {
                "none" => AnswerUnwrap.None,
                "tags" => AnswerUnwrap.Tags,
                null => style == Evaluation.Understanding.PromptStyle.Cot ? AnswerUnwrap.Tags : AnswerUnwrap.None,
                var other => throw new UserException($"--unwrap {other}: expected none or tags"),
            },
            Fixes = new KitFixes(session.Value(FixList), session.Value(FixSymbolic), session.Value(FixGroups), session.Value(FixCapabilities)),
            AllowsProxy = session.Value(Proxy),
            Limit = session.Value(Limit) is not { } limit ? null : limit >= 1 ? limit : throw new UserException($"--limit {limit}: expected a number from 1"),
        };
    }

    /// <summary>Names of the speakers.</summary>
    public static RoleStyle Roles(Session session) => session.Value(RoleStyle) switch
    {
        "januspro" => Evaluation.RoleStyle.JanusPro,
        "vlmevalkit" => Evaluation.RoleStyle.VlmEvalKit,
        var other => throw new UserException($"--role-style {other}: expected januspro or vlmevalkit"),
    };

    /// <summary>Longest answer.</summary>
    public static int AnswerLength(Session session) => session.Value(MaxNewTokens) is var length and >= 1 and <= MostNewTokens
        ? length
        : throw new UserException($"--max-new-tokens {session.Value(MaxNewTokens)}: expected 1 to {MostNewTokens}");

    /// <summary>Items at once.</summary>
    public static int BatchSize(Session session) => session.Value(Batch) is var size and >= 1 and <= 1024
        ? size
        : throw new UserException($"--batch {session.Value(Batch)}: expected 1 to 1024");

    /// <summary>This process's part, or null for all.</summary>
    public static (int Shard, int Shards)? Part(Session session)
    {
        if (session.Value(Shard) is not { } text)
        {
            return null;
        }

        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var shard) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var shards) && shard >= 1 && shard <= shards && shards is > 1 and < 1000
            ? (shard, shards)
            : throw new UserException($"--shard {Quoted.Line(text)}: expected a part such as 2/4");
    }

    /// <summary>The format of the export, or null for none.</summary>
    public static string? ExportFormat(Session session) => session.Value(Export) is null or "xlsx" or "tsv" ? session.Value(Export) : throw new UserException($"--export {Quoted.Line(session.Value(Export)!)}: expected xlsx or tsv");
}
