using System.Text.Json;
using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>
/// What a run needs to go on as if it had never stopped: the trained weights as the optimizer keeps them (float32), its moments and
/// counters, how many updates were made, and the place in the data. Random numbers need no state. A state is written into a folder of
/// its own and becomes visible by one rename, so that a run killed at any instant finds the last whole one.
/// </summary>
public sealed class RunState
{
    private const string Prefix = "step-", WeightsFile = "weights.safetensors", OptimizerFile = "optimizer.safetensors", ProgressFile = "progress.json";
    private readonly AdamW? _optimizer;
    private readonly string? _directory;

    /// <summary>The present state of a run.</summary>
    internal RunState(long step, long dataPosition, AdamW optimizer) => (Step, DataPosition, _optimizer) = (step, dataPosition, optimizer);

    private RunState(string directory, Progress progress) => (_directory, Step, DataPosition) = (directory, progress.Step, progress.DataPosition);

    /// <summary>Updates made.</summary>
    public long Step { get; }

    /// <summary>Place in the data after the last batch.</summary>
    public long DataPosition { get; }

    /// <summary>The last whole state under a folder, or null when there is none; leftovers of an interrupted write are removed.</summary>
    /// <param name="directory">The run's folder of states.</param>
    /// <exception cref="UserException">The newest state cannot be read.</exception>
    public static RunState? Latest(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        foreach (var leftover in Directory.EnumerateDirectories(directory, "*.tmp"))
        {
            Directory.Delete(leftover, recursive: true);
        }

        var newest = Existing(directory).LastOrDefault();
        return newest is null ? null : Open(newest);
    }

    /// <summary>Writes the state and removes all but the newest <paramref name="kept"/>.</summary>
    /// <param name="directory">The run's folder of states.</param>
    /// <param name="kept">At least 1.</param>
    public void Save(string directory, int kept)
    {
        var optimizer = _optimizer ?? throw new InvalidOperationException("a state read from disk is not written again");
        var target = Path.Combine(directory, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Prefix}{Step:00000000}"));
        if (Directory.Exists(target))
        {
            return; // the same step of the same run: the same bytes
        }

        var temporary = target + ".tmp";
        Directory.CreateDirectory(temporary);
        using (NewDisposeScope())
        {
            Safetensors.Write(Path.Combine(temporary, WeightsFile), optimizer.Weights);
            Safetensors.Write(Path.Combine(temporary, OptimizerFile), optimizer.State());
        }

        AtomicFile.WriteText(Path.Combine(temporary, ProgressFile), JsonSerializer.Serialize(new Progress(Step, DataPosition)) + "\n");
        Directory.Move(temporary, target);
        foreach (var old in Existing(directory).SkipLast(kept))
        {
            Directory.Delete(old, recursive: true);
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

    private static List<string> Existing(string directory) =>
        [.. Directory.EnumerateDirectories(directory, Prefix + "*").Where(d => !d.EndsWith(".tmp", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static RunState Open(string directory)
    {
        var path = Path.Combine(directory, ProgressFile);
        try
        {
            return new RunState(directory, JsonSerializer.Deserialize<Progress>(File.ReadAllText(path)) ?? throw new JsonException("empty"));
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ")}); delete {directory} to go on from the state before it", e);
        }
    }

    private sealed record Progress(long Step, long DataPosition);
}
