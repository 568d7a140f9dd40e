using System.CommandLine;
using System.Globalization;
using Corl.Evaluation;
using Corl.Evaluation.Drawing;
using Corl.Evaluation.Judges;

namespace Corl.Cli;

/// <summary>What the commands of the three drawing benchmarks share: draw what is not drawn yet, judge, write the results.</summary>
internal static class DrawingRun
{
    public static readonly Option<string?> Data = new("--data") { Description = "The benchmark's own prompt file or folder", HelpName = "path" };
    public static readonly Option<string?> Images = new("--images") { Description = "Judge the images in this folder, in the official layout, and draw nothing", HelpName = "folder" };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the images and results; a run that was stopped goes on there", HelpName = "folder" };
    private static readonly Option<int?> Limit = new("--limit") { Description = "Only the first prompts", HelpName = "n" };
    private static readonly Option<double> Guidance = new("--cfg") { Description = "Weight of classifier-free guidance; 1 for none", DefaultValueFactory = _ => 5, HelpName = "w" };
    private static readonly Option<int> Batch = new("--batch") { Description = "Prompts drawn at once", DefaultValueFactory = _ => 8, HelpName = "n" };
    private static readonly Option<string?> Shard = new("--shard") { Description = "Draw only this part, for example 2/4; judging follows with the same command without it", HelpName = "i/n" };
    private static readonly Option<bool> DrawOnly = new("--draw-only") { Description = "Draw and judge nothing: the official scorer reads the images" };

    private static readonly Option<string> RoleStyle = new("--role-style") { Description = "januspro: <|User|>, as in training; vlmevalkit: User", DefaultValueFactory = _ => "januspro", HelpName = "style" };

    public static IEnumerable<Option> Options => [ModelFolder.Option, ModelFolder.Adapter, RoleStyle, Data, Out, Images, Limit, Guidance, Decoding.Temperature, Batch, Shard, DrawOnly];

    /// <summary>The run's folder.</summary>
    public static string Folder(Session session, string benchmark) => session.Value(Out) ?? Path.Combine("runs", benchmark);

    /// <summary>What prediction paths start from.</summary>
    public static string Root(Session session, string benchmark) => session.Value(Images) ?? Folder(session, benchmark);

    /// <summary>Whether images are judged at all.</summary>
    public static bool Judges(Session session) => !session.Value(DrawOnly) && session.Value(Shard) is null;

    /// <summary>The judge of a benchmark that cannot do without one; null where nothing is judged.</summary>
    /// <param name="session">The command line.</param>
    /// <param name="benchmark">Its name; what the judge said is kept in its folder.</param>
    /// <param name="need">What is missing without one, for the error.</param>
    /// <exception cref="UserException">Images are to be judged, and no judge is named.</exception>
    public static IJudge? Judge(Session session, string benchmark, string need) =>
        !Judges(session) ? null
        : JudgeOptions.Open(session, Path.Combine(Folder(session, benchmark), "judge"))
            ?? throw new UserException($"{need} with --judge; to draw only, add --draw-only");

    /// <summary>Draws, judges and reports.</summary>
    /// <param name="session">The command line.</param>
    /// <param name="benchmark">The benchmark, over <see cref="Root"/>.</param>
    /// <param name="judge">Whose questions are counted; null where none is asked.</param>
    public static int Run(Session session, IDrawingBenchmark benchmark, IJudge? judge = null)
    {
        var folder = Folder(session, benchmark.Name);
        var (predictions, header, speed) = session.Value(Images) is { } images ? Found(benchmark, images, Items(session, benchmark)) : Drawn(session, benchmark, folder);
        if (!Judges(session))
        {
            session.Print($"{predictions.Count} prompts drawn in {Path.Combine(folder, DrawingPlayer.Images)}");
            session.Document(new { benchmark = benchmark.Name, profile = benchmark.Profile, items = predictions.Count, file = Path.Combine(folder, DrawingPlayer.Images), itemsPerSecond = speed?.ItemsPerSecond, outsideModel = speed?.OutsideModel });
            return Program.Done;
        }

        var result = benchmark.Score(predictions, session.Interrupt).GetAwaiter().GetResult();
        result = judge is null ? result : result with { Notes = [.. result.Notes, Spent(judge.Usage.Counts)] };
        var files = benchmark.WriteOfficial(folder);
        return Report(session, result, folder, header, speed, files);
    }

    /// <summary>Reports scores that another program made.</summary>
    public static int Imported(Session session, BenchmarkResult result, string file)
    {
        var header = new PredictionHeader(result.Benchmark, $"imported from {Path.GetFileName(file)}", "imported", result.Verdicts.Count, []);
        return Report(session, result, Folder(session, result.Benchmark), header, null, []);
    }

    private static int Report(Session session, BenchmarkResult result, string folder, PredictionHeader header, Throughput? speed, IReadOnlyList<string> files)
    {
        var document = ResultFiles.Write(folder, result, header, speed);
        foreach (var row in result.Parts)
        {
            session.Print($"{row.Name,-28}{string.Join("  ", row.Values.Select(value => $"{value.Key} {Number(value.Value)}"))}");
        }

        session.Print($"{(result.IsProxy ? $"{result.Benchmark}, not by its own judge" : result.Benchmark),-28}{Number(result.Overall)}");
        session.Print($"judge: {result.Judge}");
        foreach (var note in result.Notes)
        {
            session.Print($"note: {note}");
        }

        foreach (var file in files)
        {
            session.Print(file);
        }

        if (speed is not null)
        {
            session.Print(string.Create(CultureInfo.InvariantCulture, $"{speed.ItemsPerSecond:0.00} prompts/s, {speed.OutsideModel:P1} of the time outside the model"));
        }

        session.Document(document);
        return Program.Done;
    }

    private static IReadOnlyList<EvalItem> Items(Session session, IDrawingBenchmark benchmark)
    {
        var limit = session.Value(Limit) ?? benchmark.Items.Count;
        return limit > 0 ? [.. benchmark.Items.Take(limit)] : throw new UserException($"--limit {limit}: expected a number from 1");
    }

    private static (IReadOnlyList<Prediction>, PredictionHeader, Throughput?) Found(IDrawingBenchmark benchmark, string images, IReadOnlyList<EvalItem> items)
    {
        if (!Directory.Exists(images))
        {
            throw new UserException($"--images {Quoted.Line(images)}: no such folder");
        }

        Prediction[] found = [.. items.Select(item => new Prediction(item.Id) { Files = benchmark.Find(images, item) }).Where(prediction => prediction.Files!.Count > 0)];
        return found.Length > 0
            ? (found, new PredictionHeader(benchmark.Name, "images of a folder", benchmark.DataChecksum, benchmark.Items.Count, []), null)
            : throw new UserException($"--images {Quoted.Line(images)}: has no image of {benchmark.Name}'s layout, such as the images of {Quoted.Name(items[0].Id)}; see docs/drawing-benchmarks.md");
    }

    private static (IReadOnlyList<Prediction>, PredictionHeader, Throughput?) Drawn(Session session, IDrawingBenchmark benchmark, string folder)
    {
        var (items, batch, (shard, shards)) = (Items(session, benchmark), session.Value(Batch), ShardOf(session));
        if (batch is < 1 or > 4096)
        {
            throw new UserException($"--batch {batch}: expected 1 to 4096 prompts");
        }

        var roles = session.Value(RoleStyle) switch
        {
            "januspro" => Evaluation.RoleStyle.JanusPro,
            "vlmevalkit" => Evaluation.RoleStyle.VlmEvalKit,
            var other => throw new UserException($"--role-style {other}: expected januspro or vlmevalkit"),
        };
        var sampling = Decoding.Config(session) with { Guidance = session.Value(Guidance) };
        var header = new PredictionHeader(benchmark.Name, ModelFingerprint.Of(ModelFolder.Of(session)) + (session.Value(ModelFolder.Adapter) is { } adapter ? $"+{ModelFingerprint.Of(adapter)}" : ""), benchmark.DataChecksum, benchmark.Items.Count, new()
        {
            ["seed"] = $"{session.Seed ?? 0}",
            ["cfg"] = sampling.Guidance.ToString("R", CultureInfo.InvariantCulture),
            ["temperature"] = sampling.Greedy ? "greedy" : sampling.Temperature.ToString("R", CultureInfo.InvariantCulture),
            ["images-per-prompt"] = $"{benchmark.ImagesPerPrompt}",
            ["role-style"] = roles == Evaluation.RoleStyle.JanusPro ? "januspro" : "vlmevalkit",
        });
        using var policy = ModelFolder.Load(session);
        var run = new EvalRun(folder, header, session.Progress) { BatchSize = batch, Shard = shard, Shards = shards };
        var player = new DrawingPlayer(policy, benchmark, folder, sampling, session.Seed ?? 0) { Roles = roles };
        var speed = run.Predict(items, _ => benchmark.ImagesPerPrompt, player, session.Interrupt);
        var wanted = items.Select(item => item.Id).ToHashSet(StringComparer.Ordinal); // an earlier run may have drawn more
        return ([.. run.Predictions().Where(prediction => wanted.Contains(prediction.Id))], header, speed);
    }

    private static (int Shard, int Shards) ShardOf(Session session)
    {
        var text = session.Value(Shard) ?? "1/1";
        int[] parts = [.. text.Split('/').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)];
        return parts is [> 0, > 0 and <= 999] && parts[0] <= parts[1] ? (parts[0], parts[1]) : throw new UserException($"--shard {Quoted.Line(text)}: expected K/N, for example 2/4");
    }

    private static string Spent(JudgeCounts counts) => string.Create(
        CultureInfo.InvariantCulture,
        $"judge: {counts.Asked} replies asked for, {counts.Reused} known before, {counts.Repeats} tries repeated; {counts.InputTokens} tokens read, {counts.OutputTokens} written, cost {counts.Cost:0.####}");

    private static string Number(double? value) => value?.ToString("0.#####", CultureInfo.InvariantCulture) ?? "–";
}
