using System.CommandLine;
using Corl.Checkpoints;
using Corl.Data;
using Corl.Models;

namespace Corl.Cli;

/// <summary>What is in a checkpoint, adapter, data set or run, and what is wrong with it. Reads headers, no weights.</summary>
internal static class InspectCommand
{
    private const int MaxProblems = 100; // bad rows named; a file with more is the wrong file
    private static readonly Argument<string> Target = new("path") { Description = "A checkpoint file or folder, an adapter, a data file or folder, or a run's folder" };
    private static readonly Option<bool> All = new("--all", "-a") { Description = "List every tensor, not only the parts of the model" };

    public static Command Create() =>
        new Verb("inspect", "What is in a checkpoint, adapter, data set or run, and what is wrong with it", "corl inspect ./Janus-Pro-1B --json", Run) { Target, All };

    private static int Run(Session session)
    {
        var path = session.Value(Target);
        Inspection found;
        try
        {
            found = Inspect(path);
        }
        catch (UserException e)
        {
            session.Document(new Inspection(Kind(path)) { Problems = [e.Message] });
            throw;
        }

        session.Document(found);
        Print(session, found);
        return found.Problems.Count == 0 ? Program.Done : Program.UsersMistake;
    }

    /// <summary>Reads what is at <paramref name="path"/>.</summary>
    /// <exception cref="UserException">It cannot be read at all.</exception>
    internal static Inspection Inspect(string path)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new UserException($"{path}: no such file or folder");
        }

        return Kind(path) switch
        {
            "run" => Run(path),
            "data" => Data(path),
            "adapter" => Adapter(path),
            "model" => Weights(path, "model") with { Layout = JanusCheckpoint.LayoutOf(path).ToString().ToLowerInvariant(), Problems = JanusCheckpoint.Problems(path) },
            var kind => Weights(path, kind),
        };
    }

    /// <summary>model (a Janus-Pro folder), adapter, data, run, or checkpoint for any other weights.</summary>
    internal static string Kind(string path)
    {
        if (!Directory.Exists(path))
        {
            return IsData(path) ? "data" : "checkpoint";
        }

        return RunFolder.IsRun(path) ? "run"
            : AdapterFolder.IsAdapter(path) ? "adapter"
            : IsJanus(path) ? "model"
            : HoldsData(path) ? "data" : "checkpoint";
    }

    private static bool IsData(string path) => Path.GetExtension(path).ToLowerInvariant() is ".parquet" or ".jsonl" or ".ndjson";

    private static bool HoldsData(string folder) =>
        new[] { folder, Path.Combine(folder, "data") }.Where(Directory.Exists).SelectMany(Directory.EnumerateFiles).Any(IsData);

    private static bool IsJanus(string folder)
    {
        try
        {
            JanusCheckpoint.LayoutOf(folder);
            return true;
        }
        catch (UserException)
        {
            return false; // another model's folder, or one whose config.json is broken: its weights can still be listed
        }
    }

    private static Inspection Data(string path)
    {
        using var rows = SampleSet.Open(path);
        List<string> problems = [];
        for (var i = 0; i < rows.Count && problems.Count < MaxProblems; i++)
        {
            try
            {
                rows.Read(i);
            }
            catch (UserException e)
            {
                problems.Add(e.Message);
            }
        }

        return new Inspection("data") { Rows = rows.Count, Parts = rows.Parts.ToString(), Bytes = rows.Files.Sum(file => file.Bytes), Problems = problems };
    }

    private static Inspection Run(string path)
    {
        var run = RunInspection.Of(path);
        var (policy, adapter) = (new RunFolder(path).Policy, new RunFolder(path).Adapter);
        var found = AdapterFolder.IsAdapter(adapter) ? Adapter(adapter)
            : Directory.Exists(policy) ? Weights(policy, "run") with { Problems = JanusCheckpoint.Problems(policy) }
            : new Inspection("run");
        return found with { Kind = "run", Steps = run.Steps, Run = run, Problems = [.. found.Problems, .. run.Problems] };
    }

    private static Inspection Adapter(string path)
    {
        var problems = AdapterFolder.Problems(path);
        var weights = Path.Combine(path, AdapterFolder.WeightsName);
        var (config, baseModel) = LoraConfigFile.Read(path);
        return (File.Exists(weights) ? Weights(weights, "adapter") : new Inspection("adapter")) with { Lora = config, BaseModel = baseModel, Problems = problems };
    }

    private static Inspection Weights(string path, string kind)
    {
        using var reader = CheckpointReader.Open(path);
        var tensors = reader.Tensors.Values.OrderBy(x => x.Name, StringComparer.Ordinal).ToArray();
        return new Inspection(kind)
        {
            Tensors = [.. tensors.Select(x => new TensorLine(x.Name, Dtypes.SafetensorsName(x.Dtype), x.Shape))],
            Parameters = tensors.Where(x => !JanusKeys.IsIgnored(x.Name)).Sum(x => x.Count), // buffers are no parameters
            Bytes = tensors.Sum(x => x.Bytes),
            Metadata = reader.Metadata.Count > 0 ? reader.Metadata : null,
        };
    }

    private static void Print(Session session, Inspection found)
    {
        session.Print($"{found.Kind}{(found.Layout is { } layout ? $", {layout} layout" : "")}");
        if (found.Rows is { } rows)
        {
            session.Print($"{rows:N0} rows with {found.Parts}, {found.Bytes / 1e6:N1} MB");
        }

        if (found.Lora is { } lora)
        {
            session.Print($"{(lora.Dora ? "DoRA" : "LoRA")} r {lora.R}, alpha {lora.Alpha}{(lora.Rslora ? ", rank-stabilised" : "")}, of {found.BaseModel ?? "an unnamed base"}");
        }

        foreach (var line in found.Run?.Lines() ?? [])
        {
            session.Print(line);
        }

        if (found.Tensors.Count > 0)
        {
            PrintTensors(session, found);
        }

        foreach (var problem in found.Problems)
        {
            session.Print($"problem: {problem}");
        }
    }

    private static void PrintTensors(Session session, Inspection found)
    {
        session.Print($"{found.Tensors.Count} tensors, {found.Parameters:N0} parameters, {found.Bytes / 1e6:N1} MB, {string.Join(", ", found.Tensors.Select(x => x.Dtype).Distinct())}");
        if (session.Value(All))
        {
            foreach (var tensor in found.Tensors)
            {
                session.Print($"  {tensor.Dtype,-4} {tensor.Name} [{string.Join(", ", tensor.Shape)}]");
            }
        }
        else
        {
            foreach (var part in found.Tensors.GroupBy(x => PartOf(x.Name)))
            {
                session.Print($"  {part.Key,-40} {part.Count(),5} tensors {part.Sum(x => x.Shape.Aggregate(1L, (n, size) => n * size)),15:N0}");
            }
        }
    }

    // "model.vision_model" of "model.vision_model.encoder.layers.0…", "gen_embed" of "gen_embed.weight".
    private static string PartOf(string name) => name.Split('.') switch
    {
        ["model", var part, _, ..] => $"model.{part}",
        [var part, ..] => part,
        _ => name,
    };
}

/// <summary>The document of <c>corl inspect --json</c>; other programs read it, so its names stay.</summary>
/// <param name="Kind">model, adapter, checkpoint, data or run.</param>
internal sealed record Inspection(string Kind)
{
    public string? Layout { get; init; }

    public IReadOnlyList<TensorLine> Tensors { get; init; } = [];

    public long Parameters { get; init; }

    public long Bytes { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Of data: how many rows, and which parts every row can have.</summary>
    public int? Rows { get; init; }

    public string? Parts { get; init; }

    /// <summary>Of an adapter: its settings and the name of its base.</summary>
    public LoraConfig? Lora { get; init; }

    public string? BaseModel { get; init; }

    /// <summary>Of a run: updates made.</summary>
    public long? Steps { get; init; }

    /// <summary>Of a run: what its folder tells.</summary>
    public RunInspection? Run { get; init; }

    /// <summary>Empty when it can be used.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>A tensor of <see cref="Inspection"/>; the type is named as in safetensors.</summary>
internal sealed record TensorLine(string Name, string Dtype, long[] Shape);
