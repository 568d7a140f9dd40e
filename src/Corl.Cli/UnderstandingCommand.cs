using System.CommandLine;
using System.Globalization;
using Corl.Evaluation;
using Corl.Evaluation.Understanding;

namespace Corl.Cli;

/// <summary>Evaluates a model on the understanding benchmarks, by VLMEvalKit's rules.</summary>
internal static class UnderstandingCommand
{
    public static IEnumerable<Command> Create() =>
        KitTask.All.Select(task => Verb(task.Name, $"{task.Title} ({task.DataSet}), by VLMEvalKit's rules", $"corl eval {task.Name} --model runs/unified/policy --data LMUData --out runs/{task.Name}", session => Run(session, task)))
            .Append(Verb("all", "Every understanding benchmark whose file is in a folder", "corl eval all --model runs/unified/policy --data LMUData --out runs/eval", RunAll));

    private static Verb Verb(string name, string description, string example, Func<Session, int> run)
    {
        var verb = new Verb(name, description, example, run);
        foreach (var option in UnderstandingOptions.All)
        {
            verb.Add(option);
        }

        return verb;
    }

    private static int Run(Session session, KitTask task)
    {
        using var run = new UnderstandingRun(session);
        if (run.Evaluate(task, session.Value(UnderstandingOptions.Out)!) is not { } document)
        {
            return Program.Done;
        }

        foreach (var line in Lines(document))
        {
            session.Print(line);
        }

        session.Document(document);
        return Program.Done;
    }

    private static int RunAll(Session session)
    {
        var (data, folder) = (session.Value(UnderstandingOptions.Data)!, session.Value(UnderstandingOptions.Out)!);
        if (!Directory.Exists(data) || session.Value(UnderstandingOptions.Predictions) is not null)
        {
            throw new UserException(Directory.Exists(data) ? "eval all asks a model; --predictions goes with one benchmark" : $"--data {Quoted.Line(data)}: no such folder; eval all looks for VLMEvalKit's files in it");
        }

        using var run = new UnderstandingRun(session);
        List<ResultDocument> results = [];
        List<object> missing = [];
        foreach (var task in KitTask.All)
        {
            if (Obstacle(session, task, data) is { } reason)
            {
                missing.Add(new { benchmark = task.Name, reason });
                session.Print($"{task.Title,-20}{"–",9}  {reason}");
                continue;
            }

            if (run.Evaluate(task, Path.Combine(folder, task.Name)) is { } document)
            {
                results.Add(document);
                session.Print($"{task.Title,-20}{Number(document.Overall),9}{(document.Proxy ? "  stand-in, not the benchmark's number" : "")}");
            }
        }

        session.Document(new
        {
            benchmark = "all",
            profile = UnderstandingOptions.Settings(session).Profile.Name(),
            overall = (double?)null,
            parts = results.ToDictionary(result => result.Benchmark, result => result.Overall),
            items = results.Sum(result => result.Items),
            file = folder,
            results,
            missing,
        });
        return Program.Done;
    }

    private static string? Obstacle(Session session, KitTask task, string data) =>
        KitData.Find(task, data) is null ? $"{task.DataSet}.tsv is not in {data}"
        : !task.IsExactWithoutJudge && !JudgeOptions.IsNamed(session) && !UnderstandingOptions.Settings(session).AllowsProxy ? "has no rules without a judge (--judge, or --proxy)"
        : null;

    private static IEnumerable<string> Lines(ResultDocument document)
    {
        yield return $"{document.Benchmark}: {Number(document.Overall)}  ({document.Profile}, judge {document.Judge}, {string.Join(", ", document.Settings.Select(setting => $"{setting.Key} {setting.Value}"))})";
        foreach (var note in document.Notes)
        {
            yield return $"  note: {note}";
        }

        foreach (var (name, values) in document.Parts)
        {
            yield return $"  {name}: {string.Join(", ", values.Where(value => value.Value is not null).Select(value => $"{value.Key} {Short(value.Value!.Value)}"))}";
        }

        if (document.ItemsPerSecond is { } speed)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {speed:0.00} items/s, {document.OutsideModel:P1} of the time outside the model");
        }
    }

    private static string Number(double? value) => value is { } number ? number.ToString("0.00", CultureInfo.InvariantCulture) : "–";

    private static string Short(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
