using System.Globalization;
using System.Text.Json;
using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>
/// What a run needs to go on as if it had never stopped: the trained weights as the optimizer keeps them (float32), its moments and
/// counters, how many updates were made, and the place in the data. Random numbers need no state. A state is written into a hidden
/// folder and becomes visible by one rename when all of it is on the disk, and is hidden by one rename before it is deleted: whatever
/// is visible is whole, also after a kill at any instant.
/// </summary>
public sealed record RunState
{
    private const string Prefix = "step-", Hidden = ".tmp", WeightsFile = "weights.safetensors", OptimizerFile = "optimizer.safetensors", ProgressFile = "progress.json";
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly AdamW? _optimizer;
    private readonly string? _directory;

    /// <summary>The present state of a run.</summary>
    internal RunState(long step, long dataPosition, AdamW optimizer) => (Step, DataPosition, _optimizer) = (step, dataPosition, optimizer);

    private RunState(string directory, Progress progress) =>
        (_directory, Step, DataPosition, Best) = (directory, progress.Step, progress.DataPosition, progress.BestStep is { } step ? new BestState(step, progress.BestScore ?? double.NaN) : null);

    /// <summary>Updates made.</summary>
    public long Step { get; }

    /// <summary>Place in the data after the last batch.</summary>
    public long DataPosition { get; }

    /// <summary>The best state so far by an evaluation, which is kept however old it is; null before the first.</summary>
    public BestState? Best { get; init; }

    /// <summary>The last whole state under a folder, or null when there is none; leftovers of an interrupted write are removed.</summary>
    /// <param name="directory">The run's folder of states.</param>
    /// <exception cref="UserException">The newest state cannot be read.</exception>
    public static RunState? Latest(string directory)
    {
        RemoveLeftovers(directory);
        return Existing(directory) is [.., var newest] ? Open(newest) : null;
    }

    /// <summary>The state after a certain step, for example the best one.</summary>
    /// <param name="directory">The run's folder of states.</param>
    /// <param name="step">A step that was saved and is still kept.</param>
    /// <exception cref="UserException">There is none, or it cannot be read.</exception>
    public static RunState At(string directory, long step)
    {
        var folder = FolderOf(directory, step);
        return Directory.Exists(folder) ? Open(folder) : throw new UserException($"{folder}: not found; the states there are: {string.Join(", ", Existing(directory).Select(Path.GetFileName))}");
    }

    /// <summary>Writes the state and removes all but the newest <paramref name="kept"/> and the best.</summary>
    /// <param name="directory">The run's folder of states.</param>
    /// <param name="kept">At least 1.</param>
    /// <exception cref="UserException">The disk is full or cannot be written to; the states there are stay as they were.</exception>
    public void Save(string directory, int kept)
    {
        var optimizer = _optimizer ?? throw new InvalidOperationException("a state read from disk is not written again");
        var target = FolderOf(directory, Step);
        if (Directory.Exists(target))
        {
            return; // the same step of the same run: the same bytes
        }

        try
        {
            RemoveLeftovers(directory);
            Directory.CreateDirectory(target + Hidden);
            using (NewDisposeScope())
            {
                Safetensors.Write(Path.Combine(target + Hidden, WeightsFile), optimizer.Weights);
                Safetensors.Write(Path.Combine(target + Hidden, OptimizerFile), optimizer.State());
            }

            AtomicFile.WriteText(Path.Combine(target + Hidden, ProgressFile), JsonSerializer.Serialize(new Progress(Step, DataPosition, Best?.Step, Best?.Score), Json) + "\n");
            Directory.Move(target + Hidden, target);
            foreach (var old in Existing(directory).SkipLast(kept).Where(old => Best is null || old != FolderOf(directory, Best.Step)))
            {
                Directory.Move(old, old + Hidden);
                Directory.Delete(old + Hidden, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{target}: the training state cannot be written ({e.Message.ReplaceLineEndings(" ")}); older states are whole; free some space and resume", e);
        }
    }

    /// <summary>Puts the weights, moments and counters back.</summary>
    /// <exception cref="UserException">The state belongs to other parameters.</exception>
    internal void Restore(AdamW optimizer)
    {
        var directory = _directory ?? throw new InvalidOperationException("only a state read from disk can be restored");
        using var scope = NewDisposeScope();
        using var weights = CheckpointReader.Open(Path.Combine(directory, WeightsFile));
        using var state = CheckpointReader.Open(Path.Combine(directory, OptimizerFile));
        optimizer.Restore(weights.Read, name => state.Tensors.ContainsKey(name) ? state.Read(name) : null);
    }

    private static string FolderOf(string directory, long step) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:00000000}"));

    private static List<string> Existing(string directory) =>
        !Directory.Exists(directory) ? [] : [.. Directory.EnumerateDirectories(directory, Prefix + "*").Where(d => !d.EndsWith(Hidden, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static void RemoveLeftovers(string directory)
    {
        if (Directory.Exists(directory))
        {
            foreach (var leftover in Directory.EnumerateDirectories(directory, Prefix + "*" + Hidden))
            {
                Directory.Delete(leftover, recursive: true);
            }
        }
    }

    private static RunState Open(string directory)
    {
        var path = Path.Combine(directory, ProgressFile);
        try
        {
            return new RunState(directory, JsonSerializer.Deserialize<Progress>(File.ReadAllText(path), Json) ?? throw new JsonException("empty"));
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ")}); delete {directory} to go on from the state before it", e);
        }
    }

    private sealed record Progress(long Step, long DataPosition, long? BestStep = null, double? BestScore = null);
}

/// <summary>The best state of a run.</summary>
/// <param name="Step">Updates made then; a state of this step is saved.</param>
/// <param name="Score">Score of its evaluation, higher is better.</param>
public sealed record BestState(long Step, double Score);
