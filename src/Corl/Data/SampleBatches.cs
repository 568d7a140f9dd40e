using System.Collections.Concurrent;

namespace Corl.Data;

/// <summary>
/// Endless batches over a <see cref="SampleSet"/>: every pass visits every row once, in an order that depends on the seed and the pass
/// alone. A thread reads and decodes two batches ahead. Rows that cannot be used are skipped and kept in <see cref="BadRows"/>; because
/// the same rows are bad every time, the batches do not depend on where a run was interrupted.
/// </summary>
public sealed class SampleBatches : IDisposable
{
    private const int BatchesAhead = 2;      // one being trained on, one ready, one in the making
    private const int MaxBadInARow = 1_000;  // ours: a set with as many bad rows in a row is the wrong set
    private readonly SampleSet _set;
    private readonly ulong _seed;
    private readonly int _batchSize;
    private readonly Func<Sample, string?>? _unfit;
    private readonly Dictionary<int, BadRow> _bad = []; // the reading thread's: a row that failed is not tried again
    private readonly Dictionary<string, BadRow> _skipped = new(StringComparer.Ordinal);
    private readonly BlockingCollection<(SampleBatch? Batch, Exception? Error)> _ready = new(BatchesAhead);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _reader;
    private (long Epoch, int[] Order) _pass = (-1, []);
    private Exception? _failure;

    internal SampleBatches(SampleSet set, ulong seed, int batchSize, long position, Func<Sample, string?>? unfit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (set.Count == 0)
        {
            throw new UserException($"{set.Files[0].Path}: no rows");
        }

        (_set, _seed, _batchSize, Position, _unfit) = (set, seed, batchSize, position, unfit);
        _reader = new Thread(() => ReadAhead(position)) { IsBackground = true, Name = "data" };
        _reader.Start();
    }

    /// <summary>The position after the batch that was returned last; store it to resume.</summary>
    public long Position { get; private set; }

    /// <summary>The rows skipped for the batches that were returned, in the order they were met, each once however many passes meet it.</summary>
    public IReadOnlyList<BadRow> BadRows => [.. _skipped.Values];

    /// <summary>The next batch.</summary>
    /// <exception cref="UserException">No usable row is left.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while waiting.</exception>
    public SampleBatch Next(CancellationToken cancellation = default)
    {
        var (batch, error) = _failure is null ? _ready.Take(cancellation) : (null, _failure);
        if (batch is null)
        {
            _failure = error; // the reader has stopped: every later call fails the same way
            throw error is UserException known ? new UserException(known.Message, known) : new InvalidOperationException("Reading the data failed.", error);
        }

        foreach (var row in batch.Skipped)
        {
            _skipped.TryAdd(row.Row, row);
        }

        Position = batch.Next;
        return batch;
    }

    /// <summary>Stops reading ahead.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _reader.Join();
        _stop.Dispose();
        _ready.Dispose();
    }

    private void ReadAhead(long position)
    {
        try
        {
            while (true)
            {
                var batch = ReadBatch(position);
                position = batch.Next;
                _ready.Add((batch, null), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception error)
    {
        try
        {
            _ready.Add((null, error), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // disposed: nobody waits for the error
        }
    }

    private SampleBatch ReadBatch(long position)
    {
        var samples = new List<Sample>(_batchSize);
        List<BadRow> skipped = [];
        var epoch = (double)position / _set.Count;
        for (var badInARow = 0; samples.Count < _batchSize; position++)
        {
            _stop.Token.ThrowIfCancellationRequested();
            var row = RowAt(position);
            if (_bad.TryGetValue(row, out var bad) || !TryRead(row, samples, out bad))
            {
                skipped.Add(bad);
                if (++badInARow >= Math.Min(MaxBadInARow, _set.Count))
                {
                    throw new UserException($"{badInARow:N0} rows in a row cannot be used; the last: {bad.Row}: {bad.Reason}");
                }
            }
            else
            {
                badInARow = 0;
            }
        }

        return new SampleBatch(samples, position, epoch, skipped);
    }

    private bool TryRead(int row, List<Sample> samples, out BadRow bad)
    {
        try
        {
            var sample = _set.Read(row);
            if (_unfit?.Invoke(sample) is { } reason)
            {
                bad = new BadRow(_set.NameOf(row), reason);
                _bad[row] = bad;
                return false;
            }

            samples.Add(sample);
            bad = null!;
            return true;
        }
        catch (UserException e)
        {
            var name = _set.NameOf(row);
            bad = new BadRow(name, e.Message.StartsWith(name + ": ", StringComparison.Ordinal) ? e.Message[(name.Length + 2)..] : e.Message);
            _bad[row] = bad;
            return false;
        }
    }

    private int RowAt(long position)
    {
        var epoch = position / _set.Count;
        if (_pass.Epoch != epoch)
        {
            _pass = (epoch, CounterRng.Named(_seed, "data/order", epoch).Sample(Enumerable.Range(0, _set.Count), _set.Count));
        }

        return _pass.Order[position % _set.Count];
    }
}
