using System.Diagnostics;
using System.Globalization;

namespace Corl.Evaluation;

/// <summary>How fast predictions were made, over the items of this process.</summary>
/// <param name="Items">Items predicted now; those of an earlier process are not counted.</param>
/// <param name="Seconds">Wall time of the loop.</param>
/// <param name="OutsideModel">Share of that time in which the model stood still, 0 to 1.</param>
internal sealed record Throughput(int Items, double Seconds, double OutsideModel)
{
    public double ItemsPerSecond => Seconds > 0 ? Items / Seconds : 0;
}

/// <summary>
/// Makes predictions for a benchmark's items in batches of like length, longest first, and keeps them in the run's folder. A run that was
/// killed goes on where it stopped: what is in the file is not asked again.
/// </summary>
/// <param name="folder">The run's folder.</param>
/// <param name="header">What the predictions depend on.</param>
/// <param name="progress">Told a line from time to time.</param>
internal sealed class EvalRun(string folder, PredictionHeader header, Action<string> progress)
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10); // ours: readable in a terminal, harmless in a log

    /// <summary>Items that go through the model together.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>This process's part of the work, 1 to <see cref="Shards"/>.</summary>
    public int Shard { get; init; } = 1;

    /// <summary>How many processes share the work.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>The file that this process writes.</summary>
    public string File => PredictionFile.PathOf(folder, Shard, Shards);

    /// <summary>Predicts the items that have no prediction yet, in no shard's file.</summary>
    /// <param name="items">All items that are asked; each shard takes its own of them.</param>
    /// <param name="length">Size of an item for the model, for batches of like length and for the time left; tokens or images.</param>
    /// <param name="player">Makes the predictions of a batch, in its order.</param>
    /// <param name="interrupt">Looked at between two batches.</param>
    /// <exception cref="OperationCanceledException">Interrupted; finished batches are kept.</exception>
    public Throughput Predict(IReadOnlyList<EvalItem> items, Func<EvalItem, int> length, IPlayer player, CancellationToken interrupt)
    {
        using var file = PredictionFile.Open(File, header);
        var known = PredictionFile.ReadShards(folder, header).Select(prediction => prediction.Id).ToHashSet(StringComparer.Ordinal);
        var batches = Batches(items, length, known);
        var (todo, done) = (batches.Sum(batch => batch.Count), 0);
        var (lengthTodo, lengthDone) = (batches.Sum(batch => batch.Sum(item => (long)length(item))), 0L);
        if (todo < items.Count)
        {
            progress($"{header.Benchmark}: {todo} of {items.Count} items to do{(Shards > 1 ? $" in shard {Shard} of {Shards}" : "")}");
        }

        var (watch, model, lastLine) = (Stopwatch.StartNew(), new Stopwatch(), TimeSpan.Zero);
        var batch = 0;
        foreach (var predictions in player.Play(batches, model))
        {
            file.Append(predictions);
            done += predictions.Count;
            lengthDone += batches[batch++].Sum(item => (long)length(item));
            if (watch.Elapsed - lastLine > ProgressEvery || done == todo)
            {
                lastLine = watch.Elapsed;
                var left = watch.Elapsed * ((double)lengthTodo / Math.Max(1, lengthDone)) - watch.Elapsed;
                progress(string.Create(CultureInfo.InvariantCulture, $"{header.Benchmark}: {done} of {todo} items, {done / watch.Elapsed.TotalSeconds:0.00} items/s, {left:h\\:mm\\:ss} left"));
            }

            interrupt.ThrowIfCancellationRequested();
        }

        return new Throughput(done, watch.Elapsed.TotalSeconds, todo == 0 ? 0 : 1 - (model.Elapsed / watch.Elapsed));
    }

    /// <summary>Everything predicted so far, by all shards.</summary>
    public IReadOnlyList<Prediction> Predictions() => PredictionFile.ReadShards(folder, header);

    // The batches do not depend on what is done already, so that a resumed run's answers come from the same batches, as far as they go.
    private IReadOnlyList<IReadOnlyList<EvalItem>> Batches(IReadOnlyList<EvalItem> items, Func<EvalItem, int> length, HashSet<string> known)
    {
        var mine = items.Where((_, place) => place % Shards == Shard - 1);
        return [.. mine.OrderByDescending(length).Chunk(BatchSize).Select(batch => batch.Where(item => !known.Contains(item.Id)).ToArray()).Where(batch => batch.Length > 0)];
    }
}

/// <summary>A model at work on items: answers questions, or draws.</summary>
internal interface IPlayer
{
    /// <summary>Makes the predictions of each batch, one batch after the other, while the caller enumerates.</summary>
    /// <param name="batches">What to do; may be looked at ahead of time.</param>
    /// <param name="model">Runs while the model works, and only then.</param>
    IEnumerable<IReadOnlyList<Prediction>> Play(IReadOnlyList<IReadOnlyList<EvalItem>> batches, Stopwatch model);
}
